"""The fixed words of the call's form, the declaration and the page of good practices, in the six UN languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..text import LocalizedText

_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "language": {
        "en": "Language of your answers",
        "fr": "Langue de vos réponses",
        "es": "Idioma de sus respuestas",
        "ru": "Язык ваших ответов",
        "zh": "您的回答所用的语言",
        "ar": "لغة إجاباتك",
    },
    "quote": {
        "en": "May we quote you in the declaration?",
        "fr": "Pouvons-nous vous citer dans la déclaration ?",
        "es": "¿Podemos citarle en la declaración?",
        "ru": "Можно ли цитировать вас в декларации?",
        "zh": "我们可以在宣言中引用您的话吗？",
        "ar": "هل يمكننا الاقتباس من كلامك في الإعلان؟",
    },
    "publish": {
        "en": "May we publish your contribution among the good practices?",
        "fr": "Pouvons-nous publier votre contribution parmi les bonnes pratiques ?",
        "es": "¿Podemos publicar su contribución entre las buenas prácticas?",
        "ru": "Можно ли опубликовать ваш материал среди примеров передовой практики?",
        "zh": "我们可以将您的稿件作为优秀案例发布吗？",
        "ar": "هل يمكننا نشر مساهمتك ضمن الممارسات الجيدة؟",
    },
    "no": {"en": "No", "fr": "Non", "es": "No", "ru": "Нет", "zh": "不可以", "ar": "لا"},
    "anonymous": {
        "en": "Yes, without my name",
        "fr": "Oui, sans mon nom",
        "es": "Sí, sin mi nombre",
        "ru": "Да, без моего имени",
        "zh": "可以，但不要署名",
        "ar": "نعم، دون ذكر اسمي",
    },
    "named": {
        "en": "Yes, with my name",
        "fr": "Oui, avec mon nom",
        "es": "Sí, con mi nombre",
        "ru": "Да, с моим именем",
        "zh": "可以，并署名",
        "ar": "نعم، مع ذكر اسمي",
    },
    "links": {
        "en": "Links",
        "fr": "Liens",
        "es": "Enlaces",
        "ru": "Ссылки",
        "zh": "链接",
        "ar": "روابط",
    },
    "links_hint": {
        "en": "One on each line, each beginning with https:// or http://. "
        "At most {links} links, of at most {length} characters each.",
        "fr": "Un par ligne, chacun commençant par https:// ou http://. "
        "{links} liens au plus, de {length} caractères au plus chacun.",
        "es": "Uno por línea, cada uno empezando por https:// o http://. "
        "Como máximo {links} enlaces, de {length} caracteres como máximo cada uno.",
        "ru": "По одной на строке; каждая начинается с https:// или http://. "
        "Ссылок не более {links}, символов в каждой не более {length}.",
        "zh": "每行一个，以 https:// 或 http:// 开头。最多 {links} 个链接，每个不超过 {length} 个字符。",
        "ar": "رابط واحد في كل سطر يبدأ بـ https:// أو http://. "
        "الحد الأقصى لعدد الروابط: {links}، ولأحرف كل رابط: {length}.",
    },
    "materials": {
        "en": "Materials: toolkits, reports, slides, photos, videos",
        "fr": "Documents : boîtes à outils, rapports, présentations, photos, vidéos",
        "es": "Materiales: guías prácticas, informes, presentaciones, fotos, vídeos",
        "ru": "Материалы: пособия, доклады, презентации, фотографии, видео",
        "zh": "材料：工具包、报告、幻灯片、照片、视频",
        "ar": "مواد: أدوات عمل وتقارير وعروض وصور ومقاطع فيديو",
    },
    "clause": {
        "en": "Clause {number}",
        "fr": "Paragraphe {number}",
        "es": "Párrafo {number}",
        "ru": "Пункт {number}",
        "zh": "第 {number} 条",
        "ar": "الفقرة {number}",
    },
    "preambular": {
        "en": "Preamble, paragraph {number}",
        "fr": "Préambule, alinéa {number}",
        "es": "Preámbulo, párrafo {number}",
        "ru": "Преамбула, абзац {number}",
        "zh": "序言，第 {number} 段",
        "ar": "الديباجة، الفقرة {number}",
    },
    "sources": {
        "en": "Sources",
        "fr": "Sources",
        "es": "Fuentes",
        "ru": "Источники",
        "zh": "来源",
        "ar": "المصادر",
    },
    "anonymous_source": {
        "en": "anonymous contribution",
        "fr": "contribution anonyme",
        "es": "contribución anónima",
        "ru": "анонимный материал",
        "zh": "匿名稿件",
        "ar": "مساهمة مجهولة المصدر",
    },
    "withdrawn_source": {
        "en": "contribution withdrawn",
        "fr": "contribution retirée",
        "es": "contribución retirada",
        "ru": "материал отозван",
        "zh": "稿件已撤回",
        "ar": "مساهمة مسحوبة",
    },
    "compiled": {
        "en": "Compiled from {count} contributions (languages: {languages}, countries: {countries}). "
        "Cited by the clauses: {cited}.",
        "fr": "Établi à partir de {count} contributions (langues : {languages}, pays : {countries}). "
        "Citées dans les paragraphes : {cited}.",
        "es": "Elaborado a partir de {count} contribuciones (idiomas: {languages}, países: {countries}). "
        "Citadas en los párrafos: {cited}.",
        "ru": "Составлено по материалам участников: {count} (языков: {languages}, стран: {countries}). "
        "Процитировано в пунктах: {cited}.",
        "zh": "根据 {count} 份稿件汇编（语言：{languages} 种，国家：{countries} 个）。条文引用：{cited} 份。",
        "ar": "أُعدّ استنادًا إلى المساهمات الواردة: {count} (اللغات: {languages}، البلدان: {countries}). "
        "ما تستشهد به الفقرات: {cited}.",
    },
    "compiled_one": {
        "en": "Compiled from {count} contribution (languages: {languages}, countries: {countries}). "
        "Cited by the clauses: {cited}.",
        "fr": "Établi à partir de {count} contribution (langues : {languages}, pays : {countries}). "
        "Citées dans les paragraphes : {cited}.",
        "es": "Elaborado a partir de {count} contribución (idiomas: {languages}, países: {countries}). "
        "Citadas en los párrafos: {cited}.",
        "ru": "Составлено по материалам участников: {count} (языков: {languages}, стран: {countries}). "
        "Процитировано в пунктах: {cited}.",
        "zh": "根据 {count} 份稿件汇编（语言：{languages} 种，国家：{countries} 个）。条文引用：{cited} 份。",
        "ar": "أُعدّ استنادًا إلى المساهمات الواردة: {count} (اللغات: {languages}، البلدان: {countries}). "
        "ما تستشهد به الفقرات: {cited}.",
    },
    "good_practices": {
        "en": "Good practices",
        "fr": "Bonnes pratiques",
        "es": "Buenas prácticas",
        "ru": "Передовая практика",
        "zh": "优秀案例",
        "ar": "ممارسات جيدة",
    },
    "shared": {
        "en": "Shared with the agreement of those who contributed them: {practices}.",
        "fr": "Publiées avec l’accord de leurs auteurs : {practices}.",
        "es": "Publicadas con el acuerdo de quienes las aportaron: {practices}.",
        "ru": "Опубликовано с согласия авторов: {practices}.",
        "zh": "经提供者同意发布：{practices} 个。",
        "ar": "منشورة بموافقة أصحابها: {practices}.",
    },
    "anonymous_practice": {
        "en": "Anonymous contribution",
        "fr": "Contribution anonyme",
        "es": "Contribución anónima",
        "ru": "Анонимный материал",
        "zh": "匿名稿件",
        "ar": "مساهمة مجهولة المصدر",
    },
    "credits": {
        "en": "Credits",
        "fr": "Remerciements",
        "es": "Créditos",
        "ru": "Благодарности",
        "zh": "致谢",
        "ar": "شكر وتقدير",
    },
    "anonymous_credits": {
        "en": "Anonymous contributions: {count}",
        "fr": "Contributions anonymes : {count}",
        "es": "Contribuciones anónimas: {count}",
        "ru": "Анонимные материалы: {count}",
        "zh": "匿名稿件：{count}",
        "ar": "مساهمات مجهولة المصدر: {count}",
    },
}

LANGUAGE_NAMES: Final[Mapping[str, str]] = {
    "ar": "العربية",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "hi": "हिन्दी",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "pt": "Português",
    "ru": "Русский",
    "zh": "中文",
}
"""What speakers call their language; of any other the tag is shown."""


def words(key: str) -> LocalizedText:
    """A fixed text in all its languages."""
    return LocalizedText(_TEXTS[key])


def say(key: str, locale: str | None, **values: object) -> str:
    """A fixed text in the language that fits best, with its values."""
    return words(key).text(locale).format(**values)


def say_count(key: str, count: int, locale: str | None, **values: object) -> str:
    """`say(key, count=count)` with the words for one thing, `{key}_one`, where the language takes the number as one."""
    spoken = words(key).best(locale)[1]
    is_one = count == 1 or (count == 0 and spoken == "fr")
    return say(f"{key}_one" if is_one else key, locale, count=count, **values)


def language_name(tag: str) -> str:
    """`fr` -> `Français`, `zh-Hans` -> `中文 (zh-Hans)`."""
    name = LANGUAGE_NAMES.get(tag.partition("-")[0])
    if name is None:
        return tag
    return name if "-" not in tag else f"{name} ({tag})"
