"""`/api/v1`: the register for other programs, such as an HR system. They sign in with a token, never with a cookie.

| module | what it holds |
|---|---|
| `document`, `page` | puts the API together: OpenAPI document, and the page that shows it |
| `resource`, `described` | what all resources do alike, each way of asking with its place in the document |
| `units`, `people`, `vehicles`, `zones`, `devices`, `imports` | one resource each: its shape, what it asks for |
| `references` | what a body names by its number |
| `shapes` | what is sent, field by field, strict: what the document does not promise is refused |
| `reading` | bodies and queries, read and checked |
| `problems`, `problem_words` | one shape for whatever is refused |
| `cursors`, `tags` | pages that stay when rows are added; versions of one thing |
"""
