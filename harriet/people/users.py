"""How users are made and looked up: by e-mail address, whatever its case."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

U = TypeVar("U", bound=AbstractBaseUser)


class UserQuerySet(models.QuerySet[U]):
    def get_by_natural_key(self, email: str | None) -> U:
        return self.get(email__iexact=email)

    async def aget_by_natural_key(self, email: str | None) -> U:
        return await self.aget(email__iexact=email)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> U:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self.db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> U:
        """An operator of the installation; the command that names one writes it into the log."""
        return self.create_user(email, password, **{**fields, "is_superuser": True})
