"""What the book adds to jupyter-book's pages. Each module does one thing and says so in its first lines:

    bar       the bar under a lesson's title             folds     checks, plot code, setup and solutions as one line each
    figures   sizes of figures, panels of filmstrips     text      notes and pitfalls, formulae in lines of text
    tables    the tables of chapters and sections        sidebar   names and stars in the table of contents
    landing   the chapter map and the first figure       status    the status page's table
    terms     the page of terms and idioms               machines  lessons as Markdown, llms.txt
    moved     old addresses                              maths     formulas as MathML
    styles    shorter style sheets, fit for paper        facts     what they all ask about the book
    search    the index that the search reads            corners   empty corners of tables

Nearly all of it works on the parsed page (docutils nodes), before HTML is written; a place that must be there and is not, or is
there twice, is a warning that names the page, and a warning stops the build.
"""
import hashlib

from . import bar, facts, figures, folds, landing, machines, maths, moved, sidebar, status, styles, tables, terms, text


def label_sidebar(app, pagename, templatename, context, doctree) -> None:
    """Hand the templates of a page the repository's address and a sidebar that can be read out."""
    context["repository"] = app.config.book_repository
    if "generate_toctree_html" in context:
        context["generate_toctree_html"] = sidebar.labelled(context["generate_toctree_html"])


def written_anew(app, env) -> list[str]:
    """The pages to write anew whatever changed: those made of all lessons, and all of them where a title in the sidebar changed."""
    titles = hashlib.sha256(repr([(name, env.titles[name].astext(), env.toctree_includes.get(name)) for name in sorted(env.titles)]).encode()).hexdigest()
    changed, env.book_titles = getattr(env, "book_titles", titles) != titles, titles
    return sorted(env.found_docs) if changed else [name for name in (landing.LANDING, status.STATUS, terms.TERMS) if name in env.found_docs]


def setup(app) -> dict:
    app.add_config_value("comments_config", {}, "")  # jupyter-book sets it for an extension that the book leaves out
    app.add_config_value("book_repository", None, "html")  # a change of address writes every page anew
    app.connect("config-inited", lambda app, config: setattr(config, "book_repository", facts.site_info.repository_url(facts.ROOT)))
    app.add_node(facts.Html, html=(facts.visit_html, None))
    app.add_node(folds.Fold, html=(folds.visit_fold, folds.depart_fold))
    app.add_node(text.Callout, html=(text.visit_callout, text.depart_callout))
    app.add_node(figures.Picture, html=(figures.visit_picture, figures.depart_picture))
    app.add_node(terms.DefinedAt)
    app.add_role("defined", terms.defined)
    for transform in (terms.LinkTerms, text.KeepTogether, text.MarkCallouts, folds.FoldCells, figures.SizePictures, tables.MarkParts, status.FillStatus,
                      landing.FillLanding, bar.PutBar):
        app.add_post_transform(transform)
    app.connect("source-read", terms.fill_source)
    app.connect("env-get-outdated", terms.always_outdated)
    app.connect("env-updated", written_anew)
    app.connect("html-page-context", label_sidebar, priority=900)  # after the theme
    for finish in (machines.write_texts, moved.write_redirects):
        app.connect("build-finished", finish)
    maths.setup(app)
    styles.setup(app)
    app.setup_extension("book_site.search")
    app.setup_extension("book_site.corners")
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
