"""The sidebar: a name on each button that opens a chapter, and a word beside the star of an optional part."""


def label(soup):
    """The theme's table of contents (BeautifulSoup) made fit to be read out; returns it."""
    for details in soup.select("li > details"):
        entry, summary = details.parent.find("a", recursive=False), details.find("summary", recursive=False)
        summary["aria-label"] = f"Sections of {entry.get_text(strip=True)}"
    for entry in soup.select("a"):
        star = next((text for text in entry.find_all(string=True) if "★" in text), None)
        if star:
            star.replace_with(" ".join(star.replace("★", "").split()) + " ")
            mark = soup.new_tag("span", attrs={"class": "optional"})
            mark.string = "★ optional"
            entry.append(mark)
    return soup


def labelled(generate):
    """The theme's maker of the sidebar, its result labelled."""
    made = {}

    def with_labels(*args, **options):
        key = (args, tuple(sorted(options.items())))
        if key not in made:  # the theme keeps what it made and hands it out again
            soup = generate(*args, **options)
            made[key] = label(soup) if soup else soup
        return made[key]
    return with_labels
