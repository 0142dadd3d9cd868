"""Builds the reading site from the notebooks with their saved outputs: `make site`.

`sources` writes what Sphinx reads: a page for each notebook (`notebook_page`), whose predictions
keep their secret (`guesses`), the documents, and the library's reference (`reference`). `extension`
is what Sphinx has to be told beside its settings, which are in docs/conf.py: figures' alternative
texts, the glossary's explanations (`terms`). `live_page` puts Python and the library beside it, and
`mends` makes the theme's pages accessible and light.
"""
