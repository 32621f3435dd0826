"""The description of the routes: OpenAPI, examples, tables of the documents."""
