"""The usual words of a letter of invitation, in the six languages of the United Nations.

The templates are for `str.format` with values that are inserted, never interpreted.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, get_args

from attrs import frozen

from ..conference import MaterialKind
from ..text import lookup

KINDS: Final[tuple[MaterialKind, ...]] = get_args(MaterialKind)


@frozen(kw_only=True)
class LetterWords:
    """How one language says what every invitation says. `kinds` are the materials in the order of `KINDS`.

    `invite` has a sentence for each kind of venue, and `unsaid` for a conference that says nothing of its place.
    """

    locale: str
    comma: str
    last: str
    salutation: str
    on_behalf: str
    invite: Mapping[str, str]
    announced: str
    takes_place: str
    programme: str
    theme: str
    aims: str
    aims_with_theme: str
    concept_note: str
    outcome: str
    topics: str
    input_until: str
    materials: str
    kinds: tuple[str, ...]
    sharing: str
    register: str
    register_until: str
    fee: str
    contact: str
    closing: str
    here: str
    write: str
    follows: str
    sign_in: str
    otherwise: str
    no_mail: str

    def kind(self, kind: MaterialKind) -> str:
        """What a kind of material is called."""
        return self.kinds[KINDS.index(kind)]


def words_for(locale: str | None) -> LetterWords:
    """The words for a locale; English where the language is not spoken here."""
    found = lookup(locale, _WORDS) if locale else None
    return _WORDS[found or "en"]


_WORDS: Final[Mapping[str, LetterWords]] = MappingProxyType(
    {
        "en": LetterWords(
            locale="en",
            comma=", ",
            last=" and ",
            salutation="Dear colleague,",
            on_behalf="On behalf of {hosts}, ",
            invite={
                "unsaid": "it is our honour to formally invite you to the conference “{title}”.",
                "virtual": "it is our honour to formally invite you to virtually attend the conference “{title}”.",
                "physical": "it is our honour to formally invite you to the conference “{title}”. Place: {place}.",
                "hybrid": "it is our honour to formally invite you to the conference “{title}”, "
                "which you may attend online or on site. Place: {place}.",
            },
            announced="to be announced",
            takes_place="It takes place on {when}.",
            programme="Programme",
            theme="Its theme is “{theme}”.",
            aims="The conference aims to:",
            aims_with_theme="With the theme “{theme}”, the conference aims to:",
            concept_note="For more details, please see the concept note:",
            outcome="The discussions and the input of all who take part will be compiled into the “{outcome}”.",
            topics="Please share your ideas or input on the following topics:",
            input_until="The call for input {deadline}.",
            materials="You are welcome to add materials ({kinds}).",
            kinds=("toolkits", "reports", "slides", "photos", "videos", "links", "other files"),
            sharing="We plan to put the good practices together and to share them with everybody who takes part.",
            register="Please do not forget to register.",
            register_until="Registration {deadline}.",
            fee="Taking part: {fee}.",
            contact="If you have questions, please write to",
            closing="Yours sincerely,",
            here="Please register here",
            write="To register, please write to",
            follows="How to submit ideas or input for the “{outcome}” is explained once your registration is complete.",
            sign_in="If no confirmation e-mail reached you, sign in all the same with the e-mail address and the "
            "password of your registration, and go on to give your input.",
            otherwise="For anything else, write to",
            no_mail="If no e-mail reached you, look among the unwanted mail first.",
        ),
        "fr": LetterWords(
            locale="fr",
            comma=", ",
            last=" et ",
            salutation="Chère collègue, cher collègue,",
            on_behalf="Au nom des organisateurs, {hosts}, ",
            invite={
                "unsaid": "nous avons l’honneur de vous inviter officiellement à la conférence « {title} ».",
                "virtual": "nous avons l’honneur de vous inviter officiellement à participer en ligne à la "
                "conférence « {title} ».",
                "physical": "nous avons l’honneur de vous inviter officiellement à la conférence « {title} ». "
                "Lieu : {place}.",
                "hybrid": "nous avons l’honneur de vous inviter officiellement à la conférence « {title} », en ligne "
                "ou sur place. Lieu : {place}.",
            },
            announced="à préciser",
            takes_place="Date et heure : {when}.",
            programme="Programme",
            theme="Son thème : « {theme} ».",
            aims="La conférence a pour objectifs :",
            aims_with_theme="Sous le thème « {theme} », la conférence a pour objectifs :",
            concept_note="Pour en savoir plus, consultez la note conceptuelle :",
            outcome="Les contributions de toutes et tous seront réunies dans le texte suivant : {outcome}.",
            topics="Partagez vos idées et contributions sur les thèmes suivants :",
            input_until="Appel à contributions : {deadline}.",
            materials="Vous pouvez joindre des documents ({kinds}).",
            kinds=(
                "guides pratiques",
                "rapports",
                "présentations",
                "photos",
                "vidéos",
                "liens",
                "autres fichiers",
            ),
            sharing="Nous prévoyons de rassembler les bonnes pratiques et de les partager avec toutes et tous.",
            register="N’oubliez pas de vous inscrire.",
            register_until="Inscriptions : {deadline}.",
            fee="Tarif : {fee}.",
            contact="Pour toute question, écrivez à",
            closing="Veuillez agréer l’expression de nos sentiments distingués.",
            here="Inscrivez-vous ici",
            write="Pour vous inscrire, écrivez à",
            follows="La manière d’envoyer vos idées et contributions (« {outcome} ») vous sera expliquée une "
            "fois votre inscription terminée.",
            sign_in="Si aucun courriel de confirmation ne vous est parvenu, connectez-vous tout de même avec l’adresse "
            "et le mot de passe de votre inscription pour envoyer votre contribution.",
            otherwise="Pour toute autre question, écrivez à",
            no_mail="Si aucun courriel ne vous est parvenu, regardez d’abord parmi les messages indésirables.",
        ),
        "es": LetterWords(
            locale="es",
            comma=", ",
            last=" y ",
            salutation="Estimada colega, estimado colega:",
            on_behalf="En nombre de las instituciones organizadoras, {hosts}, ",
            invite={
                "unsaid": "tenemos el honor de invitarle formalmente a la conferencia «{title}».",
                "virtual": "tenemos el honor de invitarle formalmente a participar en línea en la conferencia "
                "«{title}».",
                "physical": "tenemos el honor de invitarle formalmente a la conferencia «{title}». Lugar: {place}.",
                "hybrid": "tenemos el honor de invitarle formalmente a la conferencia «{title}», en línea o de forma "
                "presencial. Lugar: {place}.",
            },
            announced="por anunciar",
            takes_place="Fecha y hora: {when}.",
            programme="Programa",
            theme="Su tema es «{theme}».",
            aims="La conferencia se propone:",
            aims_with_theme="Con el tema «{theme}», la conferencia se propone:",
            concept_note="Para más información, consulte la nota conceptual:",
            outcome="Las aportaciones de todas las personas participantes se reunirán en: {outcome}.",
            topics="Comparta sus ideas y aportaciones sobre los temas siguientes:",
            input_until="La convocatoria {deadline}.",
            materials="Puede añadir materiales ({kinds}).",
            kinds=(
                "guías prácticas",
                "informes",
                "presentaciones",
                "fotos",
                "vídeos",
                "enlaces",
                "otros archivos",
            ),
            sharing="Tenemos previsto reunir las buenas prácticas y compartirlas con todas las personas participantes.",
            register="No olvide inscribirse.",
            register_until="La inscripción {deadline}.",
            fee="Participación: {fee}.",
            contact="Si tiene preguntas, escriba a",
            closing="Atentamente,",
            here="Inscríbase aquí",
            write="Para inscribirse, escriba a",
            follows="Una vez completada la inscripción le explicaremos cómo enviar sus ideas y aportaciones "
            "(«{outcome}»).",
            sign_in="Si no recibió el correo de confirmación, inicie sesión de todos modos con la dirección y la "
            "contraseña de su inscripción y envíe su aportación.",
            otherwise="Para cualquier otra pregunta, escriba a",
            no_mail="Si no recibió ningún correo, mire primero en la carpeta de correo no deseado.",
        ),
        "ru": LetterWords(
            locale="ru",
            comma=", ",
            last=" и ",
            salutation="Уважаемые коллеги!",
            on_behalf="От имени организаторов ({hosts}) ",
            invite={
                "unsaid": "имеем честь официально пригласить Вас на конференцию «{title}».",
                "virtual": "имеем честь официально пригласить Вас принять участие в режиме онлайн в конференции "
                "«{title}».",
                "physical": "имеем честь официально пригласить Вас на конференцию «{title}». Место: {place}.",
                "hybrid": "имеем честь официально пригласить Вас на конференцию «{title}», онлайн или очно. "
                "Место: {place}.",
            },
            announced="будет объявлено",
            takes_place="Время проведения: {when}.",
            programme="Программа",
            theme="Тема конференции: «{theme}».",
            aims="Цели конференции:",
            aims_with_theme="Тема конференции: «{theme}». Её цели:",
            concept_note="Подробнее — в концептуальной записке:",
            outcome="Предложения всех участников войдут в итоговый документ: {outcome}.",
            topics="Поделитесь своими идеями и предложениями по следующим темам:",
            input_until="Приём предложений {deadline}.",
            materials="Вы можете приложить материалы ({kinds}).",
            kinds=(
                "методические пособия",
                "отчёты",
                "презентации",
                "фотографии",
                "видео",
                "ссылки",
                "другие файлы",
            ),
            sharing="Мы планируем собрать лучшие практики и поделиться ими со всеми участниками.",
            register="Не забудьте зарегистрироваться.",
            register_until="Регистрация {deadline}.",
            fee="Участие: {fee}.",
            contact="По любым вопросам пишите на адрес",
            closing="С уважением,",
            here="Регистрация",
            write="Чтобы зарегистрироваться, напишите на адрес",
            follows="Как отправить идеи и предложения («{outcome}»), мы объясним после завершения регистрации.",
            sign_in="Если письмо с подтверждением не пришло, всё равно войдите с адресом электронной почты и паролем, "
            "указанными при регистрации, и отправьте свои предложения.",
            otherwise="По другим вопросам пишите на адрес",
            no_mail="Если письмо не пришло, проверьте сначала папку со спамом.",
        ),
        "zh": LetterWords(
            locale="zh",
            comma="、",
            last="和",
            salutation="尊敬的同仁：",
            on_behalf="谨代表{hosts}，",
            invite={
                "unsaid": "我们荣幸地正式邀请您参加“{title}”。",
                "virtual": "我们荣幸地正式邀请您在线参加“{title}”。",
                "physical": "我们荣幸地正式邀请您参加“{title}”。地点：{place}。",
                "hybrid": "我们荣幸地正式邀请您在线或到现场参加“{title}”。地点：{place}。",
            },
            announced="待定",
            takes_place="会议时间：{when}。",
            programme="日程",
            theme="会议主题：“{theme}”。",
            aims="会议旨在：",
            aims_with_theme="会议以“{theme}”为主题，旨在：",
            concept_note="详情请参阅概念说明：",
            outcome="所有参与者的意见将汇编为：{outcome}。",
            topics="欢迎就以下主题分享您的想法和意见：",
            input_until="意见征集{deadline}。",
            materials="欢迎附上补充材料（{kinds}）。",
            kinds=("工具包", "报告", "演示文稿", "照片", "视频", "链接", "其他文件"),
            sharing="我们计划汇集优秀案例，并与所有参与者分享。",
            register="请勿忘记注册。",
            register_until="注册{deadline}。",
            fee="参会费用：{fee}。",
            contact="如有疑问，请联系",
            closing="此致敬礼",
            here="请在此注册",
            write="如需注册，请写信至",
            follows="完成注册后，我们将说明如何为“{outcome}”提交想法和意见。",
            sign_in="如未收到确认邮件，仍请使用注册时的邮箱和密码登录并提交意见。",
            otherwise="如有其他问题，请联系",
            no_mail="如未收到邮件，请先查看垃圾邮件箱。",
        ),
        "ar": LetterWords(
            locale="ar",
            comma="، ",
            last=" و",
            salutation="الزميلات والزملاء الأعزاء،",
            on_behalf="باسم الجهات المنظِّمة، {hosts}، ",
            invite={
                "unsaid": "يشرفنا أن ندعوكم رسميًا إلى مؤتمر «{title}».",
                "virtual": "يشرفنا أن ندعوكم رسميًا إلى المشاركة عبر الإنترنت في مؤتمر «{title}».",
                "physical": "يشرفنا أن ندعوكم رسميًا إلى مؤتمر «{title}». المكان: {place}.",
                "hybrid": "يشرفنا أن ندعوكم رسميًا إلى مؤتمر «{title}»، عبر الإنترنت أو حضوريًا. المكان: {place}.",
            },
            announced="يُعلن لاحقًا",
            takes_place="موعد الانعقاد: {when}.",
            programme="البرنامج",
            theme="موضوع المؤتمر: «{theme}».",
            aims="يهدف المؤتمر إلى ما يلي:",
            aims_with_theme="تحت شعار «{theme}»، يهدف المؤتمر إلى ما يلي:",
            concept_note="لمزيد من التفاصيل، يُرجى الاطلاع على المذكرة المفاهيمية:",
            outcome="ستُجمع مساهمات جميع المشاركين في: {outcome}.",
            topics="نرجو أن تشاركونا أفكاركم ومساهماتكم في المواضيع الآتية:",
            input_until="باب المساهمات {deadline}.",
            materials="يسرّنا أن ترفقوا مواد إضافية ({kinds}).",
            kinds=("أدلة عملية", "تقارير", "عروض", "صور", "مقاطع فيديو", "روابط", "ملفات أخرى"),
            sharing="نعتزم جمع الممارسات الجيدة ومشاركتها مع الجميع.",
            register="لا تنسوا التسجيل.",
            register_until="باب التسجيل {deadline}.",
            fee="المشاركة: {fee}.",
            contact="للأسئلة، يُرجى مراسلتنا على",
            closing="وتفضلوا بقبول فائق الاحترام،",
            here="سجّلوا هنا",
            write="للتسجيل، يُرجى مراسلتنا على",
            follows="سنوضح كيفية إرسال الأفكار والمساهمات («{outcome}») بعد إتمام التسجيل.",
            sign_in="إذا لم تصلكم رسالة التأكيد، فسجّلوا الدخول بعنوان البريد الإلكتروني وكلمة المرور المستخدمين في "
            "التسجيل وأرسلوا مساهمتكم.",
            otherwise="للأسئلة الأخرى، يُرجى مراسلتنا على",
            no_mail="إذا لم تصلكم أي رسالة، فابحثوا أولًا في البريد غير المرغوب فيه.",
        ),
    }
)
