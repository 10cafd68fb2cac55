"""Tables and documents as files: CSV, XLSX and PDF. Rows and figures in, bytes into a file; texts come as arguments.

| module | what it holds |
|---|---|
| `csv_text` | tables as CSV text |
| `columns`, `workbook` | a table's columns; an XLSX of any length in flat memory |
| `fonts`, `paper` | the letters of a PDF, and its pages: headings, facts, tables of any length |
| `ink`, `legend`, `day_plot`, `segment_bar` | colours that are told apart in black and white, too; plots |
| `map_shapes`, `map_drawing` | a map of a track without tiles, as shapes; the same on paper |
| `document` | what a page and a PDF both say, section by section |
"""
