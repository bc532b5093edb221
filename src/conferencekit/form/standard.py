"""The form that a conference asks when its document does not give one, in the six languages of the United Nations."""

from __future__ import annotations

from ..text import LocalizedText
from .fields import Field, Form


def _six(en: str, fr: str, es: str, ru: str, zh: str, ar: str) -> LocalizedText:
    return LocalizedText({"en": en, "fr": fr, "es": es, "ru": ru, "zh": zh, "ar": ar})


_NAME = _six("Full name", "Nom complet", "Nombre completo", "Полное имя", "姓名", "الاسم الكامل")
_EMAIL = _six(
    "E-mail address",
    "Adresse électronique",
    "Correo electrónico",
    "Адрес электронной почты",
    "电子邮箱",
    "البريد الإلكتروني",
)
_PASSWORD = _six("Password", "Mot de passe", "Contraseña", "Пароль", "密码", "كلمة المرور")
_PASSWORD_HINT = _six(
    "At least 12 characters. You sign in with it.",
    "Au moins 12 caractères. Il vous servira à vous connecter.",
    "Al menos 12 caracteres. Le servirá para iniciar sesión.",
    "Не менее 12 символов. С ним вы будете входить.",
    "至少 12 个字符，用于登录。",
    "12 حرفًا على الأقل. ستستخدمها لتسجيل الدخول.",
)
_COUNTRY = _six("Country", "Pays", "País", "Страна", "国家或地区", "البلد")
_ORGANISATION = _six("Organisation", "Organisation", "Organización", "Организация", "所属机构", "المؤسسة")
_CONSENT = _six(
    "I agree that my data are used to organise this conference.",
    "J’accepte que mes données soient utilisées pour organiser cette conférence.",
    "Acepto que mis datos se utilicen para organizar esta conferencia.",
    "Я даю согласие на использование моих данных для организации этой конференции.",
    "我同意将我的信息用于本次会议的组织工作。",
    "أوافق على استخدام بياناتي لتنظيم هذا المؤتمر.",
)


def standard_form() -> Form:
    """Full name, e-mail address, password, country, organisation (optional), consent."""
    return Form(
        fields=(
            Field(name="full_name", kind="text", label=_NAME, max_length=200, autocomplete="name"),
            Field(name="email", kind="email", label=_EMAIL, autocomplete="email"),
            Field(
                name="password",
                kind="password",
                label=_PASSWORD,
                hint=_PASSWORD_HINT,
                min_length=12,
                max_length=200,
                autocomplete="new-password",
            ),
            Field(name="country", kind="country", label=_COUNTRY, autocomplete="country"),
            Field(
                name="organisation",
                kind="text",
                label=_ORGANISATION,
                required=False,
                max_length=200,
                autocomplete="organization",
            ),
            Field(name="consent", kind="consent", label=_CONSENT),
        )
    )
