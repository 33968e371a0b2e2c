"""A server of the FastMCP framework: python -m tests.servers.fastmcp_server PORT."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError

server = FastMCP("Library", instructions="Books and their readers.")


@dataclass
class Book:
    title: str
    pages: int
    tags: list[str]


@server.tool(title="Find a book", tags={"books"}, annotations={"readOnlyHint": True})
def find_book(title: str, most_pages: int = 500) -> Book:
    """The book of that title."""
    return Book(title, most_pages, ["found", "lent"])


@server.tool
def count_books(shelves: list[int]) -> int:
    """How many there are on all shelves together."""
    return sum(shelves)


@server.tool
def lend_book(title: str) -> str:
    raise ToolError(f"“{title}” is lent already.")


@server.resource("library://opening-hours", mime_type="text/plain")
def opening_hours() -> str:
    return "Monday to Friday, 9 to 17."


@server.resource("library://shelves/{number}")
def shelf(number: int) -> dict[str, int]:
    return {"shelf": number, "books": number * 3}


@server.prompt
def recommend(reader: str, mood: str = "curious") -> str:
    """Asks for a book for somebody."""
    return f"Recommend a book for {reader}, who is {mood}."


if __name__ == "__main__":
    server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), show_banner=False, log_level="ERROR")
