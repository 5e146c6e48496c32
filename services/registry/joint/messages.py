"""Sentences of joint organizations, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "lead-of-street-or-community": {
            "zh": "牵头党组织 {id} 不是街道或社区党组织：请选择街道或社区党组织牵头。",
            "en": "The lead {id} is not the organization of a street or community: choose one "
            "that is (domain community, level township or grassroots).",
        },
        "form-of-several": {
            "zh": "{form} 不是多个单位共同组建的方式：请选择可用值之一。",
            "en": "{form} is not a way of founding that several units take together: choose one "
            "of those allowed.",
        },
        "member-outside": {
            "zh": "党组织 {id} 不在区域 {area} 之内：请选择辖区内的党组织，或按行业组建。",
            "en": "The organization {id} is not inside the area {area}: choose one that is, or "
            "found it by trade.",
        },
        "members-only": {
            "zh": "{id} 目前不是成员党组织：请先将其加入。",
            "en": "{id} is not a member now: let it join first.",
        },
        "not-a-member-organization": {
            "zh": "{id} 目前不是成员：请到 where 所示地址查看成员。",
            "en": "{id} is not a member now: see the members at the address in where.",
        },
        "joint-full": {
            "zh": "成员（含已退出的）已达 {limit} 个：请另建区域性党组织。",
            "en": "There are {limit} members, former ones counted too: found another one.",
        },
        "joined-before-left": {
            "zh": "加入日期早于上次退出日期 {left}：请填写该日或以后的日期。",
            "en": "It left on {left}: give that day or a later one.",
        },
        "left-before-joined": {
            "zh": "退出日期早于加入日期 {joined}：请填写该日或以后的日期。",
            "en": "It joined on {joined}: give that day or a later one.",
        },
        "council-earlier": {
            "zh": "现任轮值自 {start} 起：新的轮值请从该日或以后开始。",
            "en": "The council in force starts on {start}: start the new one then or later.",
        },
        "not-open": {
            "zh": "没有编号为 {id} 的未结事项：它可能已办结或已撤回，请查看清单。",
            "en": "Nothing open has the id {id}: it may have ended or been withdrawn; see the "
            "lists.",
        },
        "more-than-left": {
            "zh": "该资源只剩 {left}：请减少数量。",
            "en": "Only {left} of the resource is left: ask for less.",
        },
        "other-kind": {
            "zh": "该需求要的是另一类资源（{kind}）：请选择同类资源。",
            "en": "The need asks for another kind of resource ({kind}): choose one of that kind.",
        },
        "list-full": {
            "zh": "清单（{name}）未结事项不能超过 {limit} 项：请先办结或撤回一些。",
            "en": "At most {limit} entries of {name} are open at once: end or withdraw some first.",
        },
        "joint-dissolved": {
            "zh": "该区域性党组织已撤销：请到 where 所示地址使用承接者。",
            "en": "This joint organization is dissolved: use its successor at the address in "
            "where.",
        },
        "successor-is-itself": {
            "zh": "不能由自己承接自己：请选择另一个区域性党组织。",
            "en": "It cannot be its own successor: choose another joint organization.",
        },
        "successor-needed": {
            "zh": "还有未结事项：请在 into 中填写承接的区域性党组织。",
            "en": "There is open work: name in into the joint organization that takes it over.",
        },
        "split-members": {
            "zh": "拆分时每个现有成员（含牵头党组织）必须且只能归入一个承接者，请改正：{ids}。",
            "en": "In a split each member, the lead too, goes to exactly one successor; put "
            "right: {ids}.",
        },
    }
)
