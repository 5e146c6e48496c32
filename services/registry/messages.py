"""The registry's sentences, Chinese and English."""

from shared.contracts.words import Gap
from shared.web.messages import register_messages
from shared.web.problems import Problem

register_messages(
    {
        "not-registered": {
            "zh": "没有编号为 {id} 的登记：请到 where 所示地址查找。",
            "en": "Nothing is registered as {id}: look it up at the address in where.",
        },
        "unknown-reference": {
            "zh": "{kind_zh}（{kind_en}）{id} 没有登记或已停用：请到 where 所示地址查找。",
            "en": "The {kind_en} ({kind_zh}) {id} is not registered or is retired: find one at the "
            "address in where.",
        },
        "id-taken": {
            "zh": "编号 {id} 已被使用：请换一个编号，或用 PUT 修改已有的登记。",
            "en": "The id {id} is taken: choose another, or change what is there with PUT.",
        },
        "id-differs": {
            "zh": "请求体中的编号与地址中的不同：编号不能修改，请删除或改成一致。",
            "en": "The id in the body is not the one in the address: an id cannot be changed; "
            "leave it out or make them alike.",
        },
        "parent-cycle": {
            "zh": "上级 {parent} 就是它自己或它的下级：请选择别的上级。",
            "en": "What is to be above, {parent}, is the entry itself or below it: choose another.",
        },
        "superior-is-itself": {
            "zh": "上级单位不能是本单位：请填写本系统内的另一单位，或留空。",
            "en": "A unit is not its own superior: name another unit of its system, or none.",
        },
        "successors-of-retired": {
            "zh": "只有已停用的党组织才有承接者，且不能是它自己：请同时填写 retired 为 true，"
            "或删除 successors。",
            "en": "Only a retired organization has successors, never itself: give retired true "
            "as well, or leave successors out.",
        },
        "parent-too-deep": {
            "zh": "上级 {parent} 之上的层级超过 {levels} 级，无法检查是否成环：请选择更高的上级。",
            "en": "More than {levels} levels stand above {parent}, too many to be looked through: "
            "choose one higher up.",
        },
        "level-above-parent": {
            "zh": "上级党组织 {parent} 的层级是{zh}（{en}），低于本组织：请改正层级，"
            "或选择同级或更高的上级。",
            "en": "The superior organization {parent} is of the level {en} ({zh}), below this "
            "one: correct the level, or choose a superior of the same or a higher one.",
        },
        "level-below-children": {
            "zh": "该组织之下还有层级为{zh}（{en}）的党组织，层级不能低于它们：请先调整下级，"
            "或改正层级。",
            "en": "Organizations of the level {en} ({zh}) stand under this one, which cannot be "
            "below them: change those first, or correct the level.",
        },
        "parent-level": {
            "zh": "上级区域 {parent} 的级别必须更高：社区属街道，街道属区或市，区属市。",
            "en": "The parent area {parent} must be of a higher level: a community under a street, "
            "a street under a district or city, a district under a city.",
        },
        "parent-needed": {
            "zh": "街道和社区必须有上级区域：请填写 parent。",
            "en": "A street or community needs a parent area: give parent.",
        },
        "in-use": {
            "zh": "{id} 之下还有登记，不能改换所属或级别：请先改动下级，或停用后另建。",
            "en": "Others depend on where {id} belongs: move them first, or retire it and "
            "make another.",
        },
        "owner-needed": {
            "zh": "党组织必须属于单位或区域：请填写 unit_id 或 area。",
            "en": "An organization belongs to a unit or an area: give unit_id or area.",
        },
        "extent-needed": {
            "zh": "网格必须有范围：请填写 geometry 或 communities。",
            "en": "A grid needs an extent: give geometry or communities.",
        },
        "community-outside": {
            "zh": "社区 {id} 不在网格所属区域 {area} 之内：请改正 communities 或 area。",
            "en": "The community {id} is not inside the grid's area {area}: "
            "correct communities or area.",
        },
        "too-many-boundaries": {
            "zh": "一个网格最多保留 {kept} 个边界、共 {limit} 个顶点，将来生效的已超出："
            "请先取消其中一些，或简化边界。",
            "en": "A grid keeps at most {kept} boundaries of {limit} positions together, and those "
            "still to come are more: take some of them back, or simplify the borders.",
        },
        "field.geometry_defect": {
            "zh": "多边形有误（{defect_zh}，{defect}），位置在经度 {longitude}、纬度 {latitude}："
            "请在该处改正边界。",
            "en": "The polygon is not valid ({defect}; {defect_zh}) at longitude {longitude}, "
            "latitude {latitude}: mend its border there.",
        },
        "field.ring_open": {
            "zh": "环没有闭合（末点经度 {longitude}、纬度 {latitude}）：末点应与首点相同。",
            "en": "The ring is not closed (last position: longitude {longitude}, latitude "
            "{latitude}): its last position must be its first.",
        },
        "field.too_many_positions": {
            "zh": "多边形的顶点超过 {limit} 个：请先简化边界。",
            "en": "The polygon has more than {limit} positions: simplify its border first.",
        },
        "person-registered": {
            "zh": "此人（同名同电话）已登记为 {id}：请用 PUT 修改该登记；已停用的请将 retired 改为 "
            "false。",
            "en": "A person of this name and telephone is registered as {id}: change that entry "
            "with PUT, and bring a retired one back with retired: false.",
        },
        "person-registered-elsewhere": {
            "zh": "此人（同名同电话）已在其他区域登记：请由管理员查找并变更所属网格。",
            "en": "A person of this name and telephone is registered in another area: ask an "
            "administrator to find the entry and to change its grid.",
        },
        "number-registered": {
            "zh": "该编号已属于 {id}：请核对编号，或修改该登记。",
            "en": "This number is that of {id}: check the number, or change that entry.",
        },
        "number-registered-elsewhere": {
            "zh": "该编号已属于其他区域登记的人：请核对编号，或由管理员处理。",
            "en": "This number is that of a person registered in another area: check it, or ask an "
            "administrator.",
        },
        "number-mistyped": {
            "zh": "没有编号 {number}，其校验位不符：请核对是否有一位数字写错或相邻两位颠倒。",
            "en": "There is no number {number} and its check digit is wrong: look for a wrong "
            "digit or two digits changed over.",
        },
        "field.identity_card": {
            "zh": "这是居民身份证号码，不能用作编号：请填写志愿者编号，或留空由系统编号。",
            "en": "This reads as an identity-card number, which must not be used: give the "
            "volunteer number, or leave it out and one is made.",
        },
        "field.telephone": {
            "zh": "请填写 5 至 20 位的电话号码，可带国家代码，例如 +86 13800001234。",
            "en": "Give a telephone number of 5 to 20 digits, such as +86 13800001234.",
        },
        "field.not_unique": {
            "zh": "有重复的项：请删除。",
            "en": "There are repeated items: remove them.",
        },
    }
)


def not_registered(kind: str, id: str) -> Problem:
    """404 with the address of the list of a kind (`units`)."""
    return Problem(404, "not-registered", where=f"/v1/{kind}", id=id)


GAPS = {
    Gap.NO_TEAM: (
        "请为网格填写在册的党组织、负责人或成员；社区须列入某个网格的 communities，"
        "或有以该社区为区域的网格。",
        "Give the grid an organization in service, a leader or members; a community must be named "
        "in a grid's communities, or be the area of a grid.",
    ),
    Gap.NO_LEADER: (
        "请为网格指定已登记且在岗的负责人（leader）。",
        "Name a leader of the grid who is registered and in service (leader).",
    ),
    Gap.NOBODY_REACHABLE: (
        "请至少将一名登记了电话、可参加服务且未停用的志愿者设为网格负责人或成员。",
        "Make at least one volunteer with a telephone number, available and not retired, leader "
        "or member of the grid.",
    ),
}
"""What to do about each gap, Chinese and English."""
