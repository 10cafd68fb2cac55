"""Files with many people, vehicles, devices ... brought into the register: all of a file, or nothing of it.

| module | what it holds |
|---|---|
| `tables` | what comes in: CSV, XLSX or GeoJSON as rows with their lines |
| `workbooks` | XLSX files, looked at for traps before they are read |
| `cells`, `columns` | a cell as a value; the columns of a kind and the headings they are known by |
| `plan` | what a file would do: what is new, what changes, what is wrong in which row |
| `kinds` | one module for each kind of file: its columns, its comparison with the register, and how it is kept |
| `bulk` | many rows in one statement |
| `importing` | a file checked, and brought in, in the caller's transaction: where its callers begin |
| `templates` | an empty file to fill, with an example |
"""
