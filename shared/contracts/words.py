"""Terms with a closed list of values (DESIGN.md 1), each with its Chinese and English label."""

from enum import StrEnum


class Term(StrEnum):
    """A value of a closed list."""


class Domain(Term):
    """The eight domains of party organizations (policy, art. 5)."""

    VILLAGE = "village"
    STATE_ENTERPRISE = "state_enterprise"
    COMMUNITY = "community"
    AGENCY = "agency"
    UNIVERSITY = "university"
    PUBLIC_INSTITUTION = "public_institution"
    PRIVATE_ENTERPRISE = "private_enterprise"
    SOCIAL_ORGANIZATION = "social_organization"


class OrganizationLevel(Term):
    """Levels of organizations (policy, art. 16)."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    GRASSROOTS = "grassroots"


class Founding(Term):
    """Ways of founding an organization (policy, art. 6)."""

    ALONE = "alone"
    JOINT_AREA = "joint_area"
    """Several units of one area together."""
    TRADE = "trade"
    """Several units of one trade together."""
    BUILDING = "building"
    BUSINESS_PARK = "business_park"
    MARKET = "market"
    HOUSING_ESTATE = "housing_estate"
    ONLINE = "online"
    MOBILE_MEMBERS = "mobile_members"
    """A point where members on the move come together."""
    INTEREST_GROUP = "interest_group"


class ResourceKind(Term):
    """What a unit offers in a joint organization (policy, art. 6, 12)."""

    VENUE = "venue"
    PARKING = "parking"
    SKILL = "skill"
    MONEY = "money"
    HOURS = "hours"


class AreaLevel(Term):
    """Levels of areas inside a city."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"


class GridLevel(Term):
    """Levels of grids, which may nest: cells in a community grid, those in a street grid."""

    STREET_GRID = "street_grid"
    COMMUNITY_GRID = "community_grid"
    CELL = "cell"


class TeamRole(Term):
    """What people and units linked to a grid team do for it (policy, art. 6)."""

    POLICE = "police"
    DOCTOR = "doctor"
    LAWYER = "lawyer"
    PROPERTY_MANAGER = "property_manager"
    TEACHER = "teacher"
    OTHER = "other"


class Channel(Term):
    """How a request came in."""

    HOTLINE = "hotline"
    WEB = "web"
    APP = "app"
    WINDOW = "window"
    GRID_VISIT = "grid_visit"
    UNIT = "unit"
    OPEN311 = "open311"
    OTHER = "other"


class RequestKind(Term):
    """What a resident wants with it."""

    COMPLAINT = "complaint"
    QUESTION = "question"
    SUGGESTION = "suggestion"
    HELP = "help"
    PRAISE = "praise"
    OTHER = "other"


class Urgency(Term):
    """Classes of deadline; hours for each stand in dispatch's table (DOMAIN.md)."""

    DANGER = "danger"
    """Danger to life or property."""
    UTILITIES = "utilities"
    """Water, power, gas, heat."""
    ORDINARY = "ordinary"
    COMPLEX = "complex"


class AssigneeKind(Term):
    """Who can hold a task."""

    UNIT = "unit"
    GRID_TEAM = "grid_team"
    VOLUNTEER = "volunteer"
    AREA_DUTY = "area_duty"
    """The duty officer of an area: the level above when nobody below is left."""


class PlaceKind(Term):
    """Places that must be served (policy, art. 6)."""

    COMMUNITY = "community"
    GRID = "grid"


class Gap(Term):
    """What a place lacks of the service that it must have (policy, art. 6)."""

    NO_TEAM = "no_team"
    """No organization and nobody in person."""
    NO_LEADER = "no_leader"
    """A team without a leader in service."""
    NOBODY_REACHABLE = "nobody_reachable"
    """A team none of whose people can be reached."""


class PairingKind(Term):
    """Who is paired with whom (policy, art. 12)."""

    DEPARTMENT_VILLAGE = "department_village"
    COMPANY_VILLAGE = "company_village"
    VILLAGE_COMMUNITY = "village_community"
    STRONG_WEAK = "strong_weak"
    SECONDMENT = "secondment"


class SupportKind(Term):
    """What comes with a task beside money (policy, art. 12)."""

    PEOPLE = "people"
    THINGS = "things"
    HOURS = "hours"


class PlanCount(Term):
    """New entries of the registry that a plan can aim at beside recorded work."""

    ORGANIZATIONS = "organizations"
    GRIDS = "grids"
    PEOPLE = "people"
    UNITS = "units"


class Post(Term):
    """Posts of an organization whose terms are kept (policy, art. 7)."""

    SECRETARY = "secretary"
    FIRST_SECRETARY = "first_secretary"
    """Sent to a weak place for a time."""


class Chosen(Term):
    """How somebody came to a post (policy, art. 7)."""

    ELECTED = "elected"
    APPOINTED = "appointed"
    SENT = "sent"
    """By another unit, which stays the employer."""


class TermEnd(Term):
    """Why a term ended."""

    TERM = "term"
    """It was over as planned."""
    TRANSFERRED = "transferred"
    RESIGNED = "resigned"
    REMOVED = "removed"
    PENSION = "pension"
    DECEASED = "deceased"
    OTHER = "other"


class VacancyEnd(Term):
    """What ended a vacancy that had lasted too long."""

    FILLED = "filled"
    OUT_OF_SERVICE = "out_of_service"
    """The organization was retired."""
    CORRECTED = "corrected"
    """A term was entered later or taken back: the post was vacant at another time."""


class Asset(Term):
    """The six assets of an organization (policy, art. 4)."""

    LEADERSHIP = "leadership"
    BACKBONE = "backbone"
    VENUE = "venue"
    CARRIERS = "carriers"
    RULES = "rules"
    RESULTS = "results"


class CarrierKind(Term):
    """Carriers that people hold for a time (policy, art. 8)."""

    DUTY_POST = "duty_post"
    RESPONSIBILITY_AREA = "responsibility_area"


class PromiseStatus(Term):
    """What became of a promise (policy, art. 8)."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    VOID = "void"


class ErrandStage(Term):
    """Steps of an accompanied errand (policy, art. 8), in their order."""

    TAKEN = "taken"
    IN_HAND = "in_hand"
    DONE = "done"


class AdoptionOutcome(Term):
    """What became of a practice that was taken over (policy, art. 13)."""

    ADOPTED = "adopted"
    ADAPTED = "adapted"
    """Taken over in another form."""
    DROPPED = "dropped"


class ReviewGrade(Term):
    """Grades of a secretary's yearly statement (policy, art. 15: 述职评议考核)."""

    GOOD = "good"
    FAIRLY_GOOD = "fairly_good"
    AVERAGE = "average"
    POOR = "poor"


LABELS: dict[str, tuple[str, str]] = {
    "domain.village": ("农村", "Village"),
    "domain.state_enterprise": ("国有企业", "State enterprise"),
    "domain.community": ("街道社区", "Street and community"),
    "domain.agency": ("机关", "Agency"),
    "domain.university": ("高校", "University"),
    "domain.public_institution": ("事业单位", "Public institution"),
    "domain.private_enterprise": ("非公有制企业", "Private enterprise"),
    "domain.social_organization": ("社会组织", "Social organization"),
    "level.province": ("省", "Province"),
    "level.city": ("市", "City"),
    "level.county": ("县（区）", "County"),
    "level.township": ("乡镇（街道）", "Township"),
    "level.grassroots": ("基层", "Grassroots"),
    "founding.alone": ("单独组建", "Founded alone"),
    "founding.joint_area": ("区域联建", "Joint by area"),
    "founding.trade": ("行业统建", "Joint by trade"),
    "founding.building": ("楼宇组建", "By building"),
    "founding.business_park": ("园区组建", "By business park"),
    "founding.market": ("商圈市场组建", "By market"),
    "founding.housing_estate": ("居民小区组建", "By housing estate"),
    "founding.online": ("网络组建", "Online"),
    "founding.mobile_members": ("流动党员集中点", "Point of mobile members"),
    "founding.interest_group": ("兴趣群体组建", "Interest group"),
    "resource.venue": ("场地", "Venue"),
    "resource.parking": ("停车位", "Parking"),
    "resource.skill": ("专业技能", "Skill"),
    "resource.money": ("资金", "Money"),
    "resource.hours": ("服务时长", "Hours"),
    "area.city": ("市", "City"),
    "area.district": ("区", "District"),
    "area.street": ("街道", "Street"),
    "area.community": ("社区", "Community"),
    "grid.street_grid": ("街道网格", "Street grid"),
    "grid.community_grid": ("社区网格", "Community grid"),
    "grid.cell": ("微网格", "Cell"),
    "role.police": ("民警", "Police officer"),
    "role.doctor": ("医生", "Doctor"),
    "role.lawyer": ("律师", "Lawyer"),
    "role.property_manager": ("物业经理", "Property manager"),
    "role.teacher": ("教师", "Teacher"),
    "role.other": ("其他", "Other"),
    "channel.hotline": ("热线", "Hotline"),
    "channel.web": ("网站", "Web"),
    "channel.app": ("移动应用", "App"),
    "channel.window": ("服务窗口", "Service window"),
    "channel.grid_visit": ("网格走访", "Grid visit"),
    "channel.unit": ("单位上报", "Reported by a unit"),
    "channel.open311": ("开放接口", "Open311"),
    "channel.other": ("其他", "Other"),
    "kind.complaint": ("投诉", "Complaint"),
    "kind.question": ("咨询", "Question"),
    "kind.suggestion": ("建议", "Suggestion"),
    "kind.help": ("求助", "Help"),
    "kind.praise": ("表扬", "Praise"),
    "kind.other": ("其他", "Other"),
    "urgency.danger": ("危及生命财产", "Danger to life or property"),
    "urgency.utilities": ("水电气热", "Water, power, gas, heat"),
    "urgency.ordinary": ("一般", "Ordinary"),
    "urgency.complex": ("复杂", "Complex"),
    "assignee.unit": ("单位", "Unit"),
    "assignee.grid_team": ("网格团队", "Grid team"),
    "assignee.volunteer": ("志愿者", "Volunteer"),
    "assignee.area_duty": ("区域值班", "Area duty officer"),
    "gap.no_team": ("没有服务团队", "No team"),
    "gap.no_leader": ("没有负责人", "No leader"),
    "gap.nobody_reachable": ("团队无人可联系", "Nobody of the team can be reached"),
    "pairing.department_village": ("部门包村", "Department with village"),
    "pairing.company_village": ("企业联村", "Company with village"),
    "pairing.village_community": ("村居共建", "Village with community"),
    "pairing.strong_weak": ("强弱帮带", "Strong with weak organization"),
    "pairing.secondment": ("跨区域挂职", "Secondment across areas"),
    "support.people": ("人员", "People"),
    "support.things": ("物资", "Things"),
    "support.hours": ("工时", "Hours"),
    "count.organizations": ("新建党组织", "New organizations"),
    "count.grids": ("新建网格", "New grids"),
    "count.people": ("新登记人员", "Newly registered people"),
    "count.units": ("新登记单位", "Newly registered units"),
    "post.secretary": ("书记", "Secretary"),
    "post.first_secretary": ("第一书记", "First secretary"),
    "chosen.elected": ("选举", "Elected"),
    "chosen.appointed": ("任命", "Appointed"),
    "chosen.sent": ("选派", "Sent"),
    "term_end.term": ("任期届满", "Term over"),
    "term_end.transferred": ("调动", "Transferred"),
    "term_end.resigned": ("辞职", "Resigned"),
    "term_end.removed": ("免职", "Removed"),
    "term_end.pension": ("退休", "Retired on pension"),
    "term_end.deceased": ("去世", "Deceased"),
    "term_end.other": ("其他", "Other"),
    "vacancy_end.filled": ("已到任", "Filled"),
    "vacancy_end.out_of_service": ("党组织已停用", "Organization retired"),
    "vacancy_end.corrected": ("任期登记已更正", "Terms corrected"),
    "asset.leadership": ("坚强有力的领导班子", "Leadership"),
    "asset.backbone": ("本领过硬的骨干队伍", "Backbone"),
    "asset.venue": ("功能实用的服务场所", "Venue"),
    "asset.carriers": ("形式多样的服务载体", "Carriers"),
    "asset.rules": ("健全完善的制度机制", "Rules"),
    "asset.results": ("群众满意的服务业绩", "Results"),
    "carrier.duty_post": ("党员先锋岗", "Duty post"),
    "carrier.responsibility_area": ("党员责任区", "Responsibility area"),
    "promise.open": ("践诺中", "Open"),
    "promise.kept": ("已践诺", "Kept"),
    "promise.broken": ("未践诺", "Broken"),
    "promise.void": ("已撤销", "Void"),
    "errand.taken": ("已受理", "Taken"),
    "errand.in_hand": ("办理中", "In hand"),
    "errand.done": ("已办结", "Done"),
    "adoption.adopted": ("已采用", "Adopted"),
    "adoption.adapted": ("改进后采用", "Adapted"),
    "adoption.dropped": ("未继续采用", "Dropped"),
    "review.good": ("好", "Good"),
    "review.fairly_good": ("较好", "Fairly good"),
    "review.average": ("一般", "Average"),
    "review.poor": ("差", "Poor"),
    "unit": ("单位", "Unit"),
    "organization": ("党组织", "Organization"),
    "street": ("街道", "Street"),
    "community": ("社区", "Community"),
}


def label(key: str, language: str = "zh") -> str:
    """The label of `key` (`domain.village`) in `zh` or `en`; the key itself where there is none."""
    pair = LABELS.get(key)
    return key if pair is None else pair[1 if language == "en" else 0]
