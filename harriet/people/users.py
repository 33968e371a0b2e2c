"""How users are made and looked up: by e-mail address, whatever its case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from harriet.people.models import User


class UserQuerySet(models.QuerySet["User"]):
    def get_by_natural_key(self, email: str | None) -> User:
        return self.get(email__iexact=email)

    async def aget_by_natural_key(self, email: str | None) -> User:
        return await self.aget(email__iexact=email)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self.db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        raise NotImplementedError("Harriet has owners, not superusers: open the set-up link instead.")
