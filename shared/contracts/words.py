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
    "unit": ("单位", "Unit"),
    "organization": ("党组织", "Organization"),
    "street": ("街道", "Street"),
    "community": ("社区", "Community"),
}


def label(key: str, language: str = "zh") -> str:
    """The label of `key` (`domain.village`) in `zh` or `en`; the key itself where there is none."""
    pair = LABELS.get(key)
    return key if pair is None else pair[1 if language == "en" else 0]
