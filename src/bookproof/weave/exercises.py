"""Exercises, and solutions that stay folded until asked for."""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from bookproof.weave.anchors import name_anchor
from bookproof.weave.registry import add_node


class exercise_node(nodes.General, nodes.Element):
    """An exercise: a heading line, then its prose and code."""


class solution_node(nodes.General, nodes.Element):
    """A solution, folded."""


class ExerciseDirective(SphinxDirective):
    """Prose, with the code to start from and the check it must pass."""

    has_content = True
    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "grade": directives.unchanged,
        "title": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        label = self.arguments[0]
        node = exercise_node("", grade=self.options.get("grade", ""))
        self.set_source_info(node)
        title = self.options.get("title")
        heading = nodes.paragraph(classes=["exercise-title"])
        if title:
            inline, messages = self.state.inline_text(title, self.lineno)
            heading += [*inline, *messages]
        else:
            heading += nodes.Text(_sentence(label))
        node += heading
        anchor = "exercise-" + nodes.make_id(label)
        name_anchor(self.env, node, anchor, label, heading.astext())
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class SolutionDirective(SphinxDirective):
    """The solution of the exercise of the same label."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        node = solution_node()
        self.set_source_info(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


class CodeDirective(SphinxDirective):
    """Literal Python with a word over it: `starter`, `check` or `code`."""

    has_content = True
    titles: ClassVar[dict[str, str]] = {
        "starter": "start from",
        "check": "must pass",
    }

    def run(self) -> list[nodes.Node]:
        code = "\n".join(self.content).strip("\n")
        block = nodes.literal_block(code, code, language="python")
        self.set_source_info(block)
        title = self.titles.get(self.name)
        box = nodes.container(classes=["exercise-code", self.name])
        if title:
            box += nodes.paragraph("", title, classes=["code-title"])
        box += block
        return [box]


def _sentence(label: str) -> str:
    words = label.replace("-", " ")
    return words[:1].upper() + words[1:]


def visit_exercise(self: HTML5Translator, node: exercise_node) -> None:
    self.body.append(self.starttag(node, "div", CLASS="exercise"))
    grade = self.encode(node["grade"])
    self.body.append('<p class="exercise-head"><span>Exercise</span>')
    if grade:
        name = nodes.make_id(node["grade"])
        self.body.append(f' <span class="grade grade-{name}">{grade}</span>')
    self.body.append("</p>\n")


def depart_exercise(self: HTML5Translator, node: exercise_node) -> None:
    self.body.append("</div>\n")


def visit_solution(self: HTML5Translator, node: solution_node) -> None:
    self.body.append(self.starttag(node, "details", CLASS="solution"))
    self.body.append("<summary>Solution</summary>\n")


def depart_solution(self: HTML5Translator, node: solution_node) -> None:
    self.body.append("</details>\n")


def setup(app: Sphinx) -> None:
    """Register the directives and nodes."""
    app.add_directive("exercise", ExerciseDirective)
    app.add_directive("solution", SolutionDirective)
    for name in ("starter", "check", "code"):
        app.add_directive(name, CodeDirective, override=True)
    add_node(app, exercise_node, visit_exercise, depart_exercise)
    add_node(app, solution_node, visit_solution, depart_solution)
