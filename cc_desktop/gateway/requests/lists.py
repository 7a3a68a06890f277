"""Lists approvals and questions at connect, and again when something may have been missed.

A connection without the right never asks: on 2026.9.6 it is the capabilities of a client that
make the gateway wait for approvals, and a list that is refused tells nothing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from cc_desktop.fleet import events as ev
from cc_desktop.fleet.facts import ReadAccess, Subject
from cc_desktop.gateway.decoders.requests.approvals import FAMILIES, approvals
from cc_desktop.gateway.decoders.requests.questions import questions
from cc_desktop.gateway.failures import RequestFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cc_desktop.fleet.requests import Approval, Question
    from cc_desktop.gateway.connection import GatewayConnection

log = logging.getLogger(__name__)

APPROVALS, QUESTIONS = "approvals", "questions"  # subjects
_SCOPES = {APPROVALS: "operator.approvals", QUESTIONS: "operator.questions"}
_ADMIN = "operator.admin"
QUESTION_LIST = "question.list"


class RequestLists:
    """Approvals and questions of one connection.

    Events that come while a list is under way know more than the list.
    """

    def __init__(
        self, gateway: str, connection: GatewayConnection, sink: Callable[[ev.Event], object]
    ) -> None:
        self._gateway = gateway
        self._connection = connection
        self._sink = sink
        self._open: dict[str, str] = {}  # id of an approval → its session: those that are listed
        # What events told since a list was asked for, by id; None: it is over.
        self._approvals_since: dict[str, Approval | None] | None = None
        self._questions_since: dict[str, Question | None] | None = None

    def may_read(self, subject: str) -> bool:
        """Whether this connection has the right to."""
        scopes = self._connection.scopes
        return _ADMIN in scopes or _SCOPES[subject] in scopes

    def note(self, event: ev.Event) -> bool:
        """Take an event into account.

        Returns:
            Whether to list again: a run is over that an approval waited for. Not every release
            says that such an approval is withdrawn.
        """
        match event:
            case ev.ApprovalOpened(approval=approval) if approval.family:
                self._open[approval.id] = approval.session_key
                if self._approvals_since is not None:
                    self._approvals_since[approval.id] = approval
            case ev.ApprovalClosed(approval_id=ident):
                self._open.pop(ident, None)
                if self._approvals_since is not None:
                    self._approvals_since[ident] = None
            case ev.QuestionOpened(question=question) if question.can_answer:
                if self._questions_since is not None:
                    self._questions_since[question.id] = question
            case ev.QuestionClosed(question_id=ident):
                if self._questions_since is not None:
                    self._questions_since[ident] = None
            case ev.RunProgress(over=True, session_key=key):
                return key in self._open.values()
        return False

    async def read(self) -> None:
        """List all that this connection may read, and say what it may not.

        Raises:
            GatewayFailureError: the connection is gone, or the gateway does not answer.
        """
        hello = self._connection.hello
        if self.may_read(APPROVALS):
            self._tell_access(APPROVALS, await self._read_approvals())
        else:
            has = bool(hello.protocol)  # the Control Center's own dialect has none
            self._tell_access(APPROVALS, ReadAccess.REFUSED if has else ReadAccess.ABSENT)
            self._sink(ev.ApprovalsUnlisted(self._gateway))
        if self.may_read(QUESTIONS):
            self._tell_access(QUESTIONS, await self._read_questions())
        else:
            has = QUESTION_LIST in hello.methods
            self._tell_access(QUESTIONS, ReadAccess.REFUSED if has else ReadAccess.ABSENT)

    def _tell_access(self, subject: str, access: ReadAccess) -> None:
        self._sink(ev.FactTold(self._gateway, Subject(subject, access)))

    async def _read_approvals(self) -> ReadAccess:
        self._approvals_since = {}
        families: list[str] = []
        found: dict[str, Approval] = {}
        access = ReadAccess.ABSENT
        try:
            for prefix, family in FAMILIES.items():
                answer, refused = await self._ask(f"{prefix}.approval.list")
                if refused is None:
                    families.append(family)
                    found |= {one.id: one for one in approvals(family, answer)}
                elif refused is ReadAccess.REFUSED:
                    access = refused
            known = self._approvals_since
        finally:
            self._approvals_since = None
        if not families:
            return access
        for ident, told in known.items():
            if told is not None:
                found[ident] = told
            else:
                found.pop(ident, None)
        self._open = {one.id: one.session_key for one in found.values()}
        self._sink(ev.ApprovalsListed(self._gateway, tuple(families), tuple(found.values())))
        return ReadAccess.READABLE

    async def _read_questions(self) -> ReadAccess:
        self._questions_since = {}
        try:
            answer, refused = await self._ask(QUESTION_LIST)
            known = self._questions_since
        finally:
            self._questions_since = None
        if refused is not None:
            return refused
        found = {one.id: one for one in questions(answer)}
        for ident, told in known.items():
            if told is not None:
                found[ident] = told
            else:
                found.pop(ident, None)
        self._sink(ev.QuestionsListed(self._gateway, tuple(found.values())))
        return ReadAccess.READABLE

    async def _ask(self, method: str) -> tuple[Any, ReadAccess | None]:
        """The answer; or why there is none: this release has no such method, or refuses it."""
        try:
            return await self._connection.request(method, {}), None
        except RequestFailedError as error:
            if is_absent(error):
                return None, ReadAccess.ABSENT
            if is_refused(error):
                log.info("%s: %s is refused", self._gateway, method)
                return None, ReadAccess.REFUSED
            raise


def is_absent(error: RequestFailedError) -> bool:
    """Whether the gateway has no such method.

    An unknown one answers "missing scope: operator.admin" (2026.5.7): authorization comes first.
    """
    said = error.failure.error
    words = said.message.lower() if said else ""
    return _ADMIN in words or "unknown method" in words


def is_refused(error: RequestFailedError) -> bool:
    """Whether the gateway does not let us."""
    said = error.failure.error
    return said is not None and (said.code == "FORBIDDEN" or "missing scope" in said.message)
