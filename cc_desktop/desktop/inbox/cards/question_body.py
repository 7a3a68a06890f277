"""A question of an agent, with its options and room for words of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from cc_desktop.desktop.inbox.cards.body import ItemBody, Subject
from cc_desktop.desktop.widgets.buttons import button
from cc_desktop.desktop.widgets.inputs import check_box, radio_button
from cc_desktop.desktop.widgets.labels import label, wrapping_label
from cc_desktop.fleet.commands import AnswerQuestion, Right
from cc_desktop.text.format import plain
from cc_desktop.text.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QAbstractButton

    from cc_desktop.desktop.inbox.ports import InboxPorts
    from cc_desktop.desktop.style.theme import ThemeManager
    from cc_desktop.fleet.requests import Choice, Question, QuestionPart

TEXT, LABEL, HELP = 2_000, 200, 400  # characters
OPTIONS = 30  # that are shown; the rest can be typed
NUMBERED = 9  # options that a digit chooses


class OptionBox(QFrame):
    """An option: all of it can be clicked."""

    def __init__(self, look: ThemeManager, choice: Choice, mark: QAbstractButton, key: str) -> None:
        super().__init__()
        px, font = look.metrics.px, look.metrics.font
        self.mark = mark
        self.value = choice.answer
        self.setObjectName("option")
        mark.setAccessibleName(plain(choice.label, LABEL))
        mark.setAccessibleDescription(plain(choice.description, HELP))
        mark.toggled.connect(self._on_toggled)
        words = QVBoxLayout()
        words.setSpacing(px(1))
        words.addWidget(wrapping_label(font(bold=True), plain(choice.label, LABEL)))
        if choice.description:
            words.addWidget(wrapping_label(font(12), plain(choice.description, HELP), muted=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(px(12), px(7), px(12), px(7))
        row.setSpacing(px(6))
        row.addWidget(mark)
        row.addLayout(words, 1)
        if key:
            row.addWidget(label(font(11.5), key, muted=True))

    def _on_toggled(self, on: bool) -> None:
        self.setProperty("chosen", on)
        self.style().unpolish(self)
        self.style().polish(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt override: choose it."""
        if event.button() == Qt.MouseButton.LeftButton and self.mark.isEnabled():
            self.mark.setFocus(Qt.FocusReason.MouseFocusReason)
            self.mark.click()
        super().mousePressEvent(event)


class PartBox(QWidget):
    """One of the questions that are asked at once.

    Signals:
        changed: Another answer, or none.
    """

    changed = Signal()

    def __init__(self, look: ThemeManager, part: QuestionPart, *, numbered: bool) -> None:
        super().__init__()
        px, font = look.metrics.px, look.metrics.font
        self.part = part
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(6))
        header, text = plain(part.header, LABEL), plain(part.text, TEXT)
        if header and header != text:
            column.addWidget(wrapping_label(font(11.5), header, muted=True))
        column.addWidget(wrapping_label(font(bold=True), text or header))
        self.options: list[OptionBox] = []
        group = QButtonGroup(self)
        group.setExclusive(not part.is_several)
        for number, choice in enumerate(part.choices[:OPTIONS], 1):
            make = check_box if part.is_several else radio_button
            mark = make(look, "")
            group.addButton(mark)
            key = str(number) if numbered and number <= NUMBERED else ""
            option = OptionBox(look, choice, mark, key)
            mark.toggled.connect(self._on_option)
            self.options.append(option)
            column.addWidget(option)
        self._group = group
        self.edit = QLineEdit()
        self.edit.setFont(font())
        secret = part.is_secret
        self.edit.setPlaceholderText(
            tr("Your answer; it is not shown and not kept")
            if secret
            else tr("Something else…")
            if part.choices
            else tr("Your answer")
        )
        self.edit.setAccessibleName(text or header)
        if secret:
            self.edit.setEchoMode(QLineEdit.EchoMode.Password)
            self.edit.setInputMethodHints(
                Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText
            )
        self.edit.setVisible(part.takes_text or secret or not part.choices)
        self.edit.textEdited.connect(self._on_text)
        column.addWidget(self.edit)

    def _on_option(self, on: bool) -> None:
        if on and not self.part.is_several and self.edit.text():
            self.edit.clear()
        self.changed.emit()

    def _on_text(self, text: str) -> None:
        """Words of one's own take the place of the one option."""
        if text and not self.part.is_several:
            self._group.setExclusive(False)
            for option in self.options:
                option.mark.setChecked(False)
            self._group.setExclusive(True)
        self.changed.emit()

    def answer(self) -> tuple[str, ...]:
        """The choices as the gateway knows them, and the words that were typed."""
        chosen = [option.value for option in self.options if option.mark.isChecked()]
        typed = self.edit.text()
        if typed.strip():
            chosen.append(typed if self.part.is_secret else typed.strip())
        return tuple(chosen)

    def choose(self, number: int) -> bool:
        """Choose an option by its number, from 1 on; whether there is one."""
        if not 1 <= number <= min(len(self.options), NUMBERED):
            return False
        mark = self.options[number - 1].mark
        mark.setFocus(Qt.FocusReason.ShortcutFocusReason)
        mark.click()
        return True

    def forget_secret(self) -> None:
        """Keep no secret that was typed."""
        if self.part.is_secret:
            self.edit.clear()

    def set_enabled(self, on: bool) -> None:
        """Let the operator answer, or not."""
        for option in self.options:
            option.setEnabled(on)
        self.edit.setEnabled(on)


class QuestionBody(ItemBody):
    """All parts of a question, and the button that answers."""

    def __init__(self, ports: InboxPorts) -> None:
        super().__init__(ports)
        self._subject: Subject | None = None
        self._question: Question | None = None
        self.parts: list[PartBox] = []
        self._place = QVBoxLayout()
        self._place.setSpacing(self.look.metrics.px(12))
        self.column.addLayout(self._place)
        self.send = button(tr("Answer"), self._on_answer, "primary")
        self.decline = button(tr("Do not answer…"), self._on_decline, "link")
        self.guard.watch(self.send)
        self.guard.watch(self.decline)
        self._declining = False
        self.add_row(self.send, self.decline)
        self.hint = self.add_words(muted=True, px=12)
        self.add_prompt_place()

    def fits(self, subject: Subject) -> bool:
        """The same questions: what was typed stays."""
        question = _question_of(subject)
        known = self._question
        return (
            known is not None
            and question is not None
            and known.parts == question.parts
            and (self._subject is not None and self._subject.item.id == subject.item.id)
        )

    def show_subject(self, subject: Subject) -> None:
        """Show what is known now."""
        question = _question_of(subject)
        if question is None:
            return
        if self._question is None:
            self._build(question)
            self.settle()
        self._subject, self._question = subject, question
        can = self.show_right(subject, Right.ANSWER) and question.can_answer
        for part in self.parts:
            part.set_enabled(can and not subject.is_busy)
        self.send.setVisible(can)
        self.decline.setVisible(can)
        self.decline.setEnabled(not subject.is_busy)
        words = ""
        if subject.is_demo:
            words = tr("This is sample data: no gateway is asked.")
        elif subject.may(Right.ANSWER) and not question.can_answer:
            words = tr("The gateway does not let this app answer here. Answer in the session.")
        self.hint.setText(words)
        self.hint.setVisible(bool(words))
        self._update_send()

    def _build(self, question: Question) -> None:
        one = len(question.parts) == 1
        for part in question.parts:
            box = PartBox(self.look, part, numbered=one)
            box.changed.connect(self._update_send)
            box.edit.returnPressed.connect(self._on_answer)
            self.parts.append(box)
            self._place.addWidget(box)

    def _update_send(self) -> None:
        ready = all(part.answer() for part in self.parts)
        busy = self._subject is not None and self._subject.is_busy
        self.send.setEnabled(ready and not busy)

    def _on_answer(self) -> None:
        subject, question = self._subject, self._question
        if subject is None or question is None or subject.is_busy or not self.send.isEnabled():
            return
        answers = {part.part.id: part.answer() for part in self.parts}
        item = subject.item
        self.commanded.emit(AnswerQuestion(item.gateway, item.agent, question.id, answers))
        self.forget()

    def _on_decline(self) -> None:
        """The second click declines."""
        subject, question = self._subject, self._question
        if subject is None or question is None or subject.is_busy:
            return
        if not self._declining:
            self._declining = True
            self.decline.setText(tr("Click again: the agent gets no answer"))
            return
        self.forget()
        item = subject.item
        self.commanded.emit(AnswerQuestion(item.gateway, item.agent, question.id, cancel=True))

    def press(self, key: str) -> bool:
        """Digits choose an option where there is one question."""
        if len(self.parts) == 1 and key.isascii() and key.isdigit() and self.send.isVisible():
            return self.parts[0].choose(int(key))
        return False

    def focus_first(self) -> None:
        """The first option, or the field."""
        for part in self.parts:
            first = part.options[0].mark if part.options else part.edit
            first.setFocus(Qt.FocusReason.OtherFocusReason)
            return

    def forget(self) -> None:
        """Keep no secret, and decline nothing by half."""
        self._declining = False
        self.decline.setText(tr("Do not answer…"))
        for part in self.parts:
            part.forget_secret()


def _question_of(subject: Subject) -> Question | None:
    return subject.agent.questions.get(subject.item.subject) if subject.agent else None
