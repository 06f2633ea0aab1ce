"""Where the definitions of a source file are, by the tree-sitter grammar of its language.

The grammars come as packages of their own, each with its compiled parser inside (the extra `code`). A language whose
package is not installed is cut by lines.
"""

import re
from functools import cache
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tree_sitter import Parser, Query

INSTALL = 'pip install "retrospeed[code]"'


class Definition(msgspec.Struct, frozen=True):
    """A function, class or the like. `first` and `last` are the rows it covers, from 0, both included."""

    first: int
    last: int
    name: str


class Language(msgspec.Struct, frozen=True):
    """A grammar: its package, the function in it, and the query that finds definitions (@at) and names (@name)."""

    package: str
    query: str
    function: str = "language"


_C = """
(function_definition declarator: (_) @name) @at
(struct_specifier name: (_) @name body: (_)) @at
(union_specifier name: (_) @name body: (_)) @at
(enum_specifier name: (_) @name body: (_)) @at
"""
_JAVASCRIPT = """
(function_declaration name: (_) @name) @at
(generator_function_declaration name: (_) @name) @at
(class_declaration name: (_) @name) @at
(method_definition name: (_) @name) @at
(lexical_declaration (variable_declarator name: (_) @name value: [(arrow_function) (function_expression)])) @at
"""
_TYPESCRIPT = (
    _JAVASCRIPT
    + """
(abstract_class_declaration name: (_) @name) @at
(interface_declaration name: (_) @name) @at
(enum_declaration name: (_) @name) @at
(type_alias_declaration name: (_) @name) @at
"""
)
LANGUAGES = {
    "c": Language("tree-sitter-c", _C),
    "cpp": Language("tree-sitter-cpp", _C + "(class_specifier name: (_) @name body: (_)) @at"),
    "go": Language(
        "tree-sitter-go",
        "(function_declaration name: (_) @name) @at (method_declaration name: (_) @name) @at "
        "(type_declaration (type_spec name: (_) @name)) @at",
    ),
    "java": Language(
        "tree-sitter-java",
        "(class_declaration name: (_) @name) @at (interface_declaration name: (_) @name) @at "
        "(enum_declaration name: (_) @name) @at (record_declaration name: (_) @name) @at "
        "(method_declaration name: (_) @name) @at (constructor_declaration name: (_) @name) @at",
    ),
    "javascript": Language("tree-sitter-javascript", _JAVASCRIPT),
    "python": Language(
        "tree-sitter-python",
        "(function_definition name: (_) @name) @at (class_definition name: (_) @name) @at",
    ),
    "rust": Language(
        "tree-sitter-rust",
        "(function_item name: (_) @name) @at (struct_item name: (_) @name) @at (enum_item name: (_) @name) @at "
        "(union_item name: (_) @name) @at (trait_item name: (_) @name) @at (impl_item type: (_) @name) @at "
        "(mod_item name: (_) @name body: (_)) @at (macro_definition name: (_) @name) @at",
    ),
    "tsx": Language("tree-sitter-typescript", _TYPESCRIPT, "language_tsx"),
    "typescript": Language("tree-sitter-typescript", _TYPESCRIPT, "language_typescript"),
}
SUFFIXES = {
    **dict.fromkeys((".c", ".h"), "c"),
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx"), "cpp"),
    ".go": "go",
    ".java": "java",
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), "javascript"),
    **dict.fromkeys((".py", ".pyi"), "python"),
    ".rs": "rust",
    ".tsx": "tsx",
    **dict.fromkeys((".ts", ".mts", ".cts"), "typescript"),
}
# The name in a C declarator, such as `Outer::find` in `*Outer::find(int key)`.
_DECLARED = re.compile(r"~?\w[\w:~]*(?=\s*\()")


def language_of(path: str) -> str | None:
    """The language of a file by its suffix; None if there is no grammar for it here."""
    return SUFFIXES.get(path[path.rfind(".") :].lower()) if "." in path else None


@cache
def parser_version(language: str) -> str | None:
    """Name and version of the package that parses a language; None if it is not installed."""
    package = LANGUAGES[language].package
    if find_spec("tree_sitter") is None or find_spec(package.replace("-", "_")) is None:
        return None
    return f"{package} {metadata.version(package)}"


def definitions(source: str, language: str) -> list[Definition]:
    """Every definition in a source text, also in one with errors in it, in no particular order."""
    from tree_sitter import QueryCursor

    parser, query = _parser(language)
    found = []
    for _, captures in QueryCursor(query).matches(parser.parse(source.encode()).root_node):
        (node,) = captures["at"]
        name = (captures["name"][0].text or b"").decode()
        declared = _DECLARED.search(name)
        # A node that takes in its line's end goes, as tree-sitter counts, to the start of the next row.
        last = node.end_point.row - (node.end_point.column == 0 and node.end_point.row > node.start_point.row)
        found.append(Definition(node.start_point.row, last, declared.group() if declared else name))
    return found


@cache
def _parser(language: str) -> "tuple[Parser, Query]":
    import tree_sitter

    entry = LANGUAGES[language]
    grammar = getattr(import_module(entry.package.replace("-", "_")), entry.function)()
    made = tree_sitter.Language(grammar)
    return tree_sitter.Parser(made), tree_sitter.Query(made, entry.query)
