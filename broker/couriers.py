"""The wiring of what hands mails and documents over: settings to servers, couriers and terms."""

from contextlib import AsyncExitStack
from datetime import timedelta

from broker.config import Config, DeliverySettings, MailSettings
from broker.dashboard.letters import DocumentLetters
from broker.dashboard.texts import TEXTS
from broker.delivery.hand_over import Courier
from broker.delivery.mail import MailServer
from broker.delivery.mailed import Mails
from broker.delivery.patience import Patience
from broker.delivery.webhook import Webhooks
from broker.store.channels import ChannelKind
from broker.usecases.deliver_by_channel import DeliveryTerms
from broker.usecases.keep_channels import ChannelTerms

Couriers = dict[ChannelKind, Courier]
"""What hands documents over, by kind of channel; none by mail where there is no server."""


def mail_server(mail: MailSettings) -> MailServer | None:
    """The server of the settings, None without one. Raises UnableToReadConfig."""
    if mail.host is None:
        return None
    return MailServer(
        host=mail.host,
        port=mail.port,
        tls=mail.tls,
        sender=mail.sender,
        within_seconds=mail.within_seconds,
        user=mail.user,
        password=mail.password(),
    )


def make_couriers(
    settings: DeliverySettings, server: MailServer | None, opened: AsyncExitStack
) -> Couriers:
    """The couriers, with the event loop running; what they open is closed with the stack."""
    webhooks = Webhooks(inside_hosts=settings.inside_hosts, within_seconds=settings.within_seconds)
    opened.push_async_callback(webhooks.close)
    couriers: Couriers = {ChannelKind.WEBHOOK: webhooks}
    if server is not None:
        letters = {language: DocumentLetters(texts) for language, texts in TEXTS.items()}
        couriers[ChannelKind.MAIL] = Mails(server, letters)
    return couriers


def delivery_terms(config: Config) -> DeliveryTerms:
    """How patiently documents are pushed."""
    settings = config.delivery
    return DeliveryTerms(
        patience=Patience(
            failures_to_open=settings.failures_to_open,
            longest=timedelta(minutes=settings.longest_wait_minutes),
        ),
        refusals_to_put_aside=settings.refusals_to_put_aside,
        at_once=settings.at_once,
        close_within=timedelta(seconds=config.service.stop_within_seconds),
    )


def channel_terms(settings: DeliverySettings) -> ChannelTerms:
    """What may be set up, and when a person should look."""
    return ChannelTerms(
        inside_hosts=settings.inside_hosts,
        secret_overlap_days=settings.secret_overlap_days,
        alarm_after=timedelta(minutes=settings.alarm_after_minutes),
    )
