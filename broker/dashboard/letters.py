"""The letters to staff and those that documents go with, as plain text.

They hold numbers, kinds, limits and articles, and nobody's name.
"""

from datetime import datetime

from broker.dashboard import dates
from broker.dashboard.texts import Texts
from broker.delivery.hand_over import TEST_KIND, Parcel
from broker.delivery.mail import Attachment, Letter
from broker.store.worklist import Line
from broker.usecases.alert_staff import Digest


class StaffLetters:
    """Writes in one language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def digest(self, digest: Digest) -> Letter:
        """What runs out today and tomorrow, what stands still, and the last seal."""
        texts = self._texts
        day = dates.day(digest.day, texts)
        parts = [texts.count("letters.run_out", len(digest.lines))]
        parts += [self._told(line) for line in digest.lines]
        if digest.stopped:
            parts.append(texts("letters.stopped"))
        if digest.parked:
            parts.append(texts.count("letters.parked", digest.parked))
        if digest.seal is not None:
            moment = dates.moment(digest.seal.at, texts)
            told = texts("letters.seal", number=digest.seal.seal_id, moment=moment)
            parts.append(f"{told}\n{digest.seal}")
            parts.append(texts("letters.seal_for"))
        return Letter(
            subject=texts.count("letters.digest_subject", len(digest.lines), day=day),
            text="\n\n".join(parts) + "\n",
        )

    def warning(self, line: Line, now: datetime) -> Letter:
        """One case whose limit is near and on which nobody has decided."""
        texts, deadline = self._texts, line.deadline
        assert deadline is not None
        passed = now >= deadline.limit
        told = "letters.limit_passed" if passed else "letters.limit_near"
        until = dates.until(deadline.act_at, texts)
        return Letter(
            subject=texts("letters.warning_subject", until=until, case=line.case_id),
            text=f"{texts(told)}\n\n{self._told(line)}\n",
        )

    def _told(self, line: Line) -> str:
        """A case in a few lines."""
        texts, deadline = self._texts, line.deadline
        kind = texts(f"words.waits_for_{line.waits_for.value if line.waits_for else 'parked'}")
        rows = [kind, texts("letters.case", case=line.case_id)]
        rows.append(texts("letters.point", point=line.accounting_point))
        if deadline is None:
            rows.append(texts("today.no_deadline"))
        else:
            rows.append(texts("letters.act_at", until=dates.until(deadline.act_at, texts)))
            limit = dates.until(deadline.limit, texts)
            article = dates.article(deadline.article, texts)
            rows.append(texts("letters.limit", until=limit, article=article))
        if line.parked:
            rows.append(texts("today.parked_short"))
        return "\n  ".join(rows)


class DocumentLetters:
    """The mails that documents go with to their party, in one language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def notice(self, parcel: Parcel) -> Letter:
        """What it is and where it lies; the document itself is attached, a test has none."""
        texts, number = self._texts, parcel.document_id
        if parcel.kind == TEST_KIND:
            return Letter(
                subject=texts("letters.test_subject", number=number),
                text=texts("letters.test") + "\n",
                number=number,
            )
        kind = texts(f"messages.kind_{parcel.kind}")
        rows = [texts("letters.document", kind=kind)]
        rows.append(texts("letters.document_number", number=number))
        rows.append(texts("letters.document_of", moment=dates.moment(parcel.created_at, texts)))
        if parcel.case_id is not None:
            rows.append(texts("letters.case", case=parcel.case_id))
        return Letter(
            subject=texts("letters.document_subject", kind=kind, number=number),
            text="\n".join(rows) + "\n\n" + texts("letters.document_waits") + "\n",
            attachment=Attachment(name=f"{parcel.kind}-{number}.xml", content=parcel.content),
            number=number,
        )
