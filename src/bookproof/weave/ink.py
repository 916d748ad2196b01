"""Colours of code: mostly ink; what is not code proper stands back."""

from __future__ import annotations

from typing import ClassVar

from pygments.style import Style
from pygments.token import (
    Comment,
    Error,
    Generic,
    Keyword,
    Name,
    Number,
    Operator,
    String,
    Token,
)


class Day(Style):
    """Dark ink on paper."""

    background_color = "#f7f5f1"
    styles: ClassVar = {
        Token: "#222222",
        Comment: "italic #6b6a64",
        Keyword: "#1f4e79",
        Keyword.Constant: "#1f4e79",
        Operator.Word: "#1f4e79",
        Name.Function: "#222222 bold",
        Name.Class: "#222222 bold",
        Name.Decorator: "#6b4e16",
        Name.Builtin: "#222222",
        Name.Exception: "#8c2f1b",
        Number: "#7a3e9d",
        String: "#3b6b35",
        String.Doc: "italic #55604f",
        Generic.Traceback: "#8c2f1b",
        Generic.Error: "#8c2f1b",
        Error: "#8c2f1b",
    }


class Night(Style):
    """Light ink on slate."""

    background_color = "#1d1f22"
    styles: ClassVar = {
        Token: "#dcdad4",
        Comment: "italic #98968d",
        Keyword: "#8fb8de",
        Keyword.Constant: "#8fb8de",
        Operator.Word: "#8fb8de",
        Name.Function: "#f2f0ea bold",
        Name.Class: "#f2f0ea bold",
        Name.Decorator: "#d3b06c",
        Name.Builtin: "#dcdad4",
        Name.Exception: "#e89a86",
        Number: "#c9a6e0",
        String: "#a3c99b",
        String.Doc: "italic #a3ad9c",
        Generic.Traceback: "#e89a86",
        Generic.Error: "#e89a86",
        Error: "#e89a86",
    }
