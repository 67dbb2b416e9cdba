"""What is written: figures, tables, sentences, page, paper, notebook."""
