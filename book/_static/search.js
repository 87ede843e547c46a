/* Searching the book, and showing the place that was found.

What is searched is made by book/_ext/book_site/search.py; which sections match and in which order is decided by MiniSearch. Both
are loaded when a reader first searches, by <script>, which also works from disk. Nothing is stored and nothing is sent. */
(() => {
  const FILES = ["minisearch.js", "language_data.js", "search-data.js"];  // language_data.js: Sphinx's stemmer and stop words
  const HERE = new URL(".", document.currentScript.src), ROOT = document.documentElement.dataset.content_root.replace(/^\.\/$/, "");
  const FIRST = 20, EXCERPT = 170;
  const WORD = /\p{N}+(?:\.\p{N}+)+|[\p{L}\p{N}]+(?:[-_'’‑–][\p{L}\p{N}]+)*/gu;

  // ---------------------------------------------------------------------------------------------------------------- words

  // One spelling for both sides of the Atlantic. It need not be a word: index and question pass through the same rules.
  const SPELLINGS = {
    analogue: "analog", catalogue: "catalog", cheque: "check", defence: "defense", dialogue: "dialog", fulfil: "fulfill", grey: "gray",
    judgement: "judgment", licence: "license", learnt: "learned", manoeuvre: "maneuver", maths: "math", offence: "offense", artefact: "artifact",
    practise: "practice", programme: "program", sceptical: "skeptical", sceptic: "skeptic", spelt: "spelled", tyre: "tire", whilst: "while", ageing: "aging",
    acknowledgement: "acknowledgment", arithmetics: "arithmetic", burnt: "burned", enrol: "enroll", instalment: "installment", skilful: "skillful" };
  const RULES = [
    [/^(\p{L}{3,})our(s|ed|ing|able|al|ful|hoods?|ly|less|ites?|ists?)?$/u, "$1or$2"],
    [/^(cent|met|kilomet|millimet|fib|calib|spect|theat|lust)r(e|es|ed|ing|ings)$/, (_, start, end) => `${start}er${end.replace(/^e(s?)$/, "$1")}`],
    [/is(e|es|ed|er|ers|ing|ings|able|ation|ations|ational)$/, "iz$1"],
    [/ys(e|es|ed|er|ers|ing)$/, "yz$1"],
    [/ll(ed|ing|ings|er|ers)$/, "l$1"]];

  function spelling(word) {
    const plural = word.endsWith("s") ? "s" : "", singular = plural ? word.slice(0, -1) : word;
    if (Object.hasOwn(SPELLINGS, word)) return SPELLINGS[word];
    if (plural && Object.hasOwn(SPELLINGS, singular)) return SPELLINGS[singular] + plural;
    const rule = word.length > 4 && RULES.find(([pattern]) => pattern.test(word));
    return rule ? word.replace(...rule) : word;
  }

  const stems = new Map();
  function stem(word) {  // "normalising" and "normalized" have one stem, and not that of "normal"
    if (!stems.has(word)) {
      const one = spelling(word), long = one.match(/^([a-z]{3,}iz)(?:e|es|ed|er|ers|ing|ation|ations|able)$/);
      stems.set(word, long ? long[1] : /^[a-z]+$/.test(one) ? new Stemmer().stemWord(one) : one);
    }
    return stems.get(word);
  }

  // What a word of the text is found by: its stem, and for "all-reduce" also "all", "reduce" and "allreduce". `whole` comes first.
  function keys(word) {
    const plain = word.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/['’]s$/, "");
    if (/^\d[\d.]*$/.test(plain)) return [plain];
    const parts = plain.split(/[-_'’‑–]/).filter(part => part.length > 1 && !stopwords.includes(part) || /[^\x00-\x7f]/.test(part)).map(stem);
    const whole = /[-_'’‑–]/.test(plain) ? [stem(plain.replace(/[-_'’‑–]/g, ""))] : [];
    return [...new Set([...whole, ...parts])];
  }

  // ------------------------------------------------------------------------------------------------------------- the index

  const loaded = {};
  const load = name => loaded[name] ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = new URL(name, HERE);
    script.onload = done;
    script.onerror = () => { delete loaded[name]; script.remove(); failed(new Error(name)); };
    document.head.append(script);
  });

  let index, whole = "";
  async function prepare() {
    await Promise.all(FILES.map(load));
    if (index) return;
    const { pages, entries, terms } = bookSearch;
    const defined = entries.map(() => []);
    for (const [term, aliases, entry] of terms) defined[entry].push(term, ...aliases);
    index = new MiniSearch({
      fields: ["heading", "page", "terms", "text", "names"], tokenize: text => text.match(WORD) || [], processTerm: keys, idField: "id",
      searchOptions: { tokenize: text => [text], processTerm: term => term, boost: { heading: 4, terms: 6, page: 0.5, names: 0.4 },
        boostDocument: id => /^(Exercise|Next|References)/.test(entries[id][2]) || /^(book\/|index)/.test(pages[entries[id][0]][0]) ? 0.6 : entries[id][1] ? 1 : 1.2 } });
    index.addAll(entries.map(([page, , heading, text, names], id) => ({ id, heading, text, names, page: pages[page][2], terms: defined[id].join(" · ") })));
  }

  // The question as MiniSearch takes it: all words, a compound whole or in its parts, and two words also as one ("pseudo inverse").
  function question(words, typing) {
    const one = (word, last) => {
      const [first, ...rest] = keys(word), prefix = typing && last && first?.length > 2;
      return first === undefined ? null : rest.length ? { combineWith: "OR", queries: [first, { combineWith: "AND", queries: rest, boost: { text: 0.5 } }] }
        : { queries: [first], prefix };
    };
    const all = words.map((word, i) => one(word, i === words.length - 1)).filter(Boolean);
    if (!all.length) return null;
    const ways = [{ combineWith: "AND", queries: all }];
    for (let i = 0; i + 1 < words.length && words.length < 7; i++)
      ways.push({ combineWith: "AND", queries: [...words.slice(0, i), words[i] + words[i + 1], ...words.slice(i + 2)].map(word => one(word)).filter(Boolean) });
    return ways.length > 1 ? { combineWith: "OR", queries: ways } : ways[0];
  }

  // Of "how do I invert a matrix" the words that a book can answer; all of them where that would leave none.
  const ASKING = /^(how|what|why|when|where|which|who|whose|does|do|did|can|could|should|would|i|my|me|we|you|an|from|than|its|it's)$/i;
  function wordsOf(asked) {
    const words = asked.match(WORD) || [], telling = words.filter(word => !ASKING.test(word));
    return telling.length ? telling : words;
  }

  // What the reader asks, answered: {says, found: [{entry, terms, label}]}; `typing` while the last word may be unfinished.
  function find(asked, typing) {
    const { pages, entries, terms } = bookSearch, words = wordsOf(asked), found = new Map();
    const add = (entry, label, hits = []) => { if (!found.has(entry)) found.set(entry, { entry, label, terms: new Set(hits) }); };
    const key = words.map(keys).flat().join(" "), joined = words.map(word => keys(word)[0]).join("");
    let says = "";
    const number = asked.match(/^\s*(?:(?:section|chapter|lesson|part)\s+|§\s*)?(\d+(?:\.\d+)*)\.?\s*$/i)?.[1];
    if (number) {
      const at = wanted => pages.forEach((page, i) => (page[1] === wanted || page[1].startsWith(`${wanted}.`))
        && add(entries.findIndex(entry => entry[0] === i), page[1] === wanted ? "Section" : "Part of it"));
      for (let wanted = number; wanted && !found.size; wanted = wanted.includes(".") ? wanted.replace(/\.\d+$/, "") : "") {
        at(wanted);
        if (found.size && wanted !== number) says = `The book has no section ${number}; this is ${wanted}. `;
      }
    }
    if (key) for (const [term, aliases, entry] of terms)
      if ([term, ...aliases].some(name => { const of = name.match(WORD) || []; return of.map(keys).flat().join(" ") === key || of.map(word => keys(word)[0]).join("") === joined; }))
        add(entry, "Term", [...words.flatMap(keys), ...(term.match(WORD) || []).flatMap(keys)]);
    const ask = question(words, typing);
    let results = ask ? index.search(ask) : [];
    if (!results.length && ask && !found.size) {
      results = index.search({ combineWith: "AND", queries: words.flatMap(keys).map(term => ({ queries: [term], fuzzy: term.length > 3 ? 0.25 : false })) });
      if (results.length) says = "Nothing has exactly these letters; these come close. ";
      else if (words.length > 1 && (results = index.search({ combineWith: "OR", queries: words.flatMap(keys) })).length) says = "No place has all the words; these have some. ";
    }
    const compounds = words.map(keys).filter(key => key.length > 1);
    for (const result of results) {
      add(result.id);
      const matched = found.get(result.id).terms;
      result.terms.forEach(term => matched.add(term));
      for (const [whole, ...parts] of compounds)  // where "all-reduce" stands, an "all" alone is not what was asked for
        if (matched.has(whole)) parts.forEach(part => matched.delete(part));
    }
    const n = found.size;
    return { found: [...found.values()], says: says || (n || ask ? "" : "Type a word, a term or a section's number. ") };
  }

  // The words of a text, as they stand there, that match: pairs of start and end.
  function hits(text, terms) {
    const places = [];
    for (const match of text.matchAll(WORD)) if (keys(match[0]).some(key => terms.has(key))) places.push([match.index, match.index + match[0].length]);
    return places;
  }

  // The piece of a text that shows the most of what was asked: {text, marks}.
  function excerpt(entry, terms) {
    const lines = entry[3].split("\n");
    let best = null;
    for (const line of lines) {
      const places = hits(line, terms), kinds = new Set(places.map(([a, b]) => keys(line.slice(a, b))[0])).size;
      if (places.length && (!best || kinds > best.kinds)) best = { line, places, kinds };
    }
    if (!best) {
      const names = entry[4].split(" ").filter(name => hits(name, terms).length);
      if (names.length) { const text = `In the code: ${names.slice(0, 4).join(", ")}`; return { text, marks: hits(text, terms) }; }
      best = { line: lines.find(line => line.length > 60) || lines[0] || "", places: [] };
    }
    const { line, places } = best, at = places.length ? places[0][0] : 0;
    let start = Math.max(0, at - 60), end = Math.min(line.length, start + EXCERPT);
    start = Math.max(0, Math.min(start, end - EXCERPT));
    if (start) start = line.indexOf(" ", start) + 1 <= at ? line.indexOf(" ", start) + 1 : at;
    if (end < line.length) end = Math.max(line.lastIndexOf(" ", end), places.length ? places[0][1] : 1);
    const before = start ? "… " : "", shift = before.length - start;
    return { text: before + line.slice(start, end) + (end < line.length ? " …" : ""),
             marks: places.filter(([a, b]) => a >= start && b <= end).map(([a, b]) => [a + shift, b + shift]) };
  }

  function marked(text, marks) {
    const box = document.createDocumentFragment();
    let at = 0;
    for (const [start, end] of marks) {
      const mark = document.createElement("mark");
      mark.textContent = text.slice(start, end);
      box.append(text.slice(at, start), mark);
      at = end;
    }
    box.append(text.slice(at));
    return box;
  }

  // ---------------------------------------------------------------------------------------------------- asking and answering

  const element = (name, css, text = "") => Object.assign(document.createElement(name), { className: css, textContent: text });

  function result({ entry: id, terms, label }) {
    const { pages, entries } = bookSearch, entry = entries[id], [address, number, title] = pages[entry[0]];
    const item = element("li", "search-result"), link = element("a", ""), { text, marks } = excerpt(entry, terms);
    const seen = [entry[2], ...entry[3].split("\n"), ...entry[4].split(" ")].flatMap(line => hits(line, terms).map(([a, b]) => line.slice(a, b).toLowerCase()));
    const words = [...new Set(seen)].slice(0, 12);
    link.href = ROOT + address + (words.length ? `?highlight=${words.map(encodeURIComponent).join("+")}` : "") + (entry[1] ? `#${entry[1]}` : "");
    const name = entry[1] ? entry[2] : [number, title].filter(Boolean).join(" ");
    link.append(marked(name, hits(name, terms)));
    item.append(link);
    if (label) item.append(" ", element("span", "search-label", label));
    if (entry[1]) item.append(element("div", "search-place", [number, title].filter(Boolean).join(" ")));
    const words_ = element("p", "context");
    words_.append(marked(text, marks));
    if (text) item.append(words_);
    return item;
  }

  class Asking {
    constructor(form, says, list) {
      Object.assign(this, { form, input: form.querySelector("input[name=q]"), says, list, asked: null, turn: 0 });
      this.input.addEventListener("input", () => { clearTimeout(this.timer); this.timer = setTimeout(() => this.answer(true), 120); });
      this.input.addEventListener("focus", () => prepare().catch(() => {}), { once: true });
      this.form.parentElement.addEventListener("keydown", event => this.key(event));
    }

    async answer(typing) {
      const asked = this.input.value.trim(), turn = ++this.turn;
      if (!asked) { this.list.replaceChildren(); this.says.textContent = ""; return; }
      try {
        if (!index) this.says.textContent = "Reading the index …";
        await prepare();
      } catch (error) {
        this.list.replaceChildren();
        this.says.textContent = "The search does not work here, because the browser could not load its index. Every section is in the table of contents.";
        return;
      }
      if (turn !== this.turn) return;
      const { found, says } = find(asked, typing);
      this.list.replaceChildren(...found.slice(0, FIRST).map(result));
      this.says.textContent = says + (found.length ? `${found.length} ${found.length === 1 ? "place" : "places"} for “${asked}”` : says ? "" : `Nothing found for “${asked}”.`);
      if (found.length > FIRST) {
        const item = element("li", "search-more"), more = element("button", "", `Show the other ${found.length - FIRST}`);
        more.type = "button";
        more.addEventListener("click", () => { item.remove(); this.list.append(...found.slice(FIRST).map(result)); this.links()[FIRST]?.focus(); });
        item.append(more);
        this.list.append(item);
      }
    }

    links() { return [...this.list.querySelectorAll("a, button")]; }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      const stops = [this.input, ...this.links()], at = stops.indexOf(document.activeElement);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && at >= 0) {
        event.preventDefault();
        const next = stops[Math.min(stops.length - 1, Math.max(0, at + step))];
        next.focus();
        next.scrollIntoView({ block: "nearest" });
      } else if (at > 0 && event.key.length === 1 && event.key !== " ") this.input.focus();
    }
  }

  // ------------------------------------------------------------------------------------------------- at the place that was found

  const escaped = text => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  function arrive() {
    const asked = new URLSearchParams(location.search).get("highlight"), article = document.querySelector("article.bd-article");
    if (!asked || !article) return;
    const words = asked.split(" ").filter(Boolean).sort((a, b) => b.length - a.length);
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.map(escaped).join("|")})(?![\\p{L}\\p{N}])`, "giu");
    const walk = document.createTreeWalker(article, NodeFilter.SHOW_TEXT), texts = [];
    const aside = text => text.parentElement.closest("script, style, math, mjx-container, svg, .section-bar, button, select")
      || /^Setup/.test(text.parentElement.closest("details")?.querySelector("summary")?.textContent || "");
    for (let text; (text = walk.nextNode());)
      if (text.data.search(pattern) >= 0 && !aside(text)) texts.push(text);
    const marks = [];
    for (const text of texts) {
      const places = [...text.data.matchAll(pattern)].map(match => [match.index, match.index + match[0].length]);
      const made = marked(text.data, places);
      made.querySelectorAll("mark").forEach(mark => { mark.className = "found"; marks.push(mark); });
      text.replaceWith(made);
    }
    if (!marks.length) return;

    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const heading = target && (/^H\d$/.test(target.tagName) ? target : target.querySelector(":is(h1, h2, h3, h4, h5, h6)")) || article.querySelector("h1");
    const below = mark => mark.closest("section[id]") === (heading.closest("section[id]") || mark.closest("section[id]"));
    const here = marks.filter(mark => below(mark) && !heading.contains(mark)), code = mark => mark.closest("pre"), fold = mark => mark.closest("details:not([open])");
    const first = here.find(mark => !code(mark)) || here.find(mark => !fold(mark)) || here[0];
    for (let box = first && fold(first); box; box = first.closest("details:not([open])")) box.open = true;
    const show = () => {
      const far = first && first.getBoundingClientRect().bottom - heading.getBoundingClientRect().top > 0.75 * innerHeight;
      (far ? first : heading).scrollIntoView({ block: far ? "center" : "start", behavior: "instant" });
    };
    let moved = false;
    for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) addEventListener(kind, () => { moved = true; }, { once: true, passive: true });
    const again = () => { if (!moved) show(); };
    show();
    addEventListener("load", () => requestAnimationFrame(again));
    Promise.resolve(window.MathJax?.startup?.promise).then(again, again);

    const hide = element("button", "found-hide", "Hide the marks");
    hide.type = "button";
    const clear = () => {
      for (const mark of document.querySelectorAll("mark.found")) { const around = mark.parentNode; mark.replaceWith(...mark.childNodes); around.normalize(); }
      hide.remove();
      removeEventListener("keydown", escape);
    };
    const escape = event => { if (event.key === "Escape" && !document.querySelector("dialog[open]")) clear(); };
    hide.addEventListener("click", clear);
    addEventListener("keydown", escape);
    document.querySelector("main").append(hide);
  }

  // ------------------------------------------------------------------------------------------------------------------ start

  const dialog = document.getElementById("pst-search-dialog");
  if (dialog) {
    const asking = new Asking(dialog.querySelector("form"), dialog.querySelector(".search-says"), dialog.querySelector(".search-found"));
    new MutationObserver(() => { if (dialog.open) { asking.input.select(); asking.answer(true); } }).observe(dialog, { attributeFilter: ["open"] });
  }
  const results = document.getElementById("search-results");
  if (results) {
    const asking = new Asking(document.querySelector("main form.bd-search"), results.querySelector(".search-says"), results.querySelector(".search-found"));
    asking.input.value = new URLSearchParams(location.search).get("q") || "";
    asking.input.focus();
    asking.answer(false);
    asking.form.addEventListener("submit", event => {
      event.preventDefault();
      clearTimeout(asking.timer);
      asking.answer(false);
      try { history.replaceState(null, "", `?q=${encodeURIComponent(asking.input.value)}`); } catch (error) { /* from disk the address stays as it is */ }
    });
  }
  arrive();
})();
