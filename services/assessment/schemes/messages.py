"""Sentences of schemes, Chinese and English."""

from shared.web.messages import register_messages

register_messages(
    {
        "scheme-invalid": {
            "zh": "方案有 {count} 处错误，第一处在第 {line} 行：{reason}全部见 faults。",
            "en": "The scheme has {count} faults, the first in line {line}: {reason} faults lists "
            "all.",
        },
        "scheme-settled": {
            "zh": "{period} 已结算：请把 valid_from 改为其后的月份。",
            "en": "{period} is settled: let the scheme count from a later month on.",
        },
        "scheme-backdated": {
            "zh": "已生效的方案不能修改：请把 valid_from 改为 {month} 或以后。",
            "en": "A scheme in force is never edited: let the new one count from {month} on, or "
            "later.",
        },
        "no-scheme": {
            "zh": "{period} 没有生效的方案：请选择其他时段，或先发布按此时段考评的方案。",
            "en": "No scheme is in force for {period}: choose another period, or put one in force "
            "that assesses such periods.",
        },
        "scheme.too_long": {
            "zh": "方案超过 {limit} 字节：请精简后重新提交。",
            "en": "The scheme is longer than {limit} bytes: shorten it and send it again.",
        },
        "scheme.yaml": {
            "zh": "不是合法的 YAML（{problem}）：请检查本行的缩进、冒号和引号。",
            "en": "This is not valid YAML ({problem}): check indents, colons and quotation marks "
            "of this line.",
        },
        "scheme.alias": {
            "zh": "不支持 YAML 的锚点、别名和过深的层级：请把内容直接写在这里。",
            "en": "Anchors, aliases and deep nesting are not supported: write the content here.",
        },
        "scheme.key": {
            "zh": "键 {key} 重复或不是文字：每个键只写一次。",
            "en": "The key {key} is repeated, or is no text: write each key once.",
        },
        "scheme.unknown_name": {
            "zh": "没有名为 {name} 的数据：是不是 {near}？全部名称见 GET /v1/schemes/inputs。",
            "en": "There is no number called {name}: did you mean {near}? GET /v1/schemes/inputs "
            "lists all.",
        },
        "field.expression_syntax": {
            "zh": "公式在第 {column} 个字符处读不懂：请检查括号和运算符。",
            "en": "The expression cannot be read at character {column}: check brackets and "
            "operators.",
        },
        "field.expression_part": {
            "zh": "公式中不能写 {part}（第 {column} 个字符）：只可用数字、名称、+ - * /、比较、"
            "and or not、min 和 max。",
            "en": "{part} cannot stand in an expression (character {column}): use numbers, names, "
            "+ - * /, comparisons, and or not, min and max.",
        },
        "field.expression_long": {
            "zh": "公式超过 {column} 个字符：请拆成几个指标。",
            "en": "The expression is longer than {column} characters: make several indicators "
            "of it.",
        },
        "field.expression_no_condition": {
            "zh": "{text} 不是条件：请写成比较，例如 rated >= 20 and satisfaction_rate < 0.6。",
            "en": "{text} is no condition: write a comparison, as rated >= 20 and "
            "satisfaction_rate < 0.6.",
        },
        "field.class_of_areas": {
            "zh": "类别 {class} 是街道或社区：请去掉 domains 和 levels。",
            "en": "The class {class} is of streets or communities: leave domains and levels out.",
        },
        "field.class_of_units": {
            "zh": "类别 {class} 是单位，单位没有层级：请去掉 levels。",
            "en": "The class {class} is of units, which have no level: leave levels out.",
        },
        "field.target_up": {
            "zh": "指标 {indicator} 越高越好，但 target（{target}）不大于 floor（{floor}）："
            "请调换，或把 direction 写成 down。",
            "en": "Indicator {indicator}: more is better, but target ({target}) is not above floor "
            "({floor}): exchange them, or write direction: down.",
        },
        "field.target_down": {
            "zh": "指标 {indicator} 越低越好，但 target（{target}）不小于 floor（{floor}）："
            "请调换，或把 direction 写成 up。",
            "en": "Indicator {indicator}: less is better, but target ({target}) is not below floor "
            "({floor}): exchange them, or write direction: up.",
        },
        "field.rule_of_nothing": {
            "zh": "规则 {rule} 没有效果：请写明 cap、floor 或 grade_at_most。",
            "en": "The rule {rule} sets nothing: give cap, floor or grade_at_most.",
        },
        "field.steps_sum": {
            "zh": "自评、群众测评、组织考评的权重之和是 {total}：应为 100。",
            "en": "Self, public and organizational rating add up to {total}: make it 100.",
        },
        "field.public_share": {
            "zh": "群众测评的权重（{public}）不能小于自评或组织考评（政策第十四条）：请提高它。",
            "en": "The public's share ({public}) may not be smaller than another (policy, art. "
            "14): raise it.",
        },
        "field.public_share_indicators": {
            "zh": "指标中 {rating} 的权重（{weight}）大于群众测评 public_rating 的（{public}），"
            "群众测评的权重不能小于其他评价（政策第十四条）：请提高它或降低该权重。",
            "en": "Among the indicators {rating} weighs {weight} and public_rating {public}: the "
            "public's share may not be smaller than another (policy, art. 14). Raise it, or lower "
            "this weight.",
        },
        "field.ratings_mixed": {
            "zh": "一个指标的公式只能包含一种评价（self_rating、public_rating、"
            "organizational_rating），否则看不出各占多少（政策第十四条）：请分成几个指标。",
            "en": "A formula may name one rating (self_rating, public_rating, "
            "organizational_rating), else no weight says what each counts (policy, art. 14): make "
            "an indicator of each.",
        },
        "field.weak_by_quota": {
            "zh": "软弱涣散按问题认定，不按名次或比例定指标：请去掉 rank 和 ranked，"
            "或只写 ranked >= 5 and rank == ranked（连续几期末位）。",
            "en": "Weak organizations are found by what is wrong, never by a place or a share of "
            "the class: leave rank and ranked out, or write only ranked >= 5 and rank == ranked "
            "(last, several periods running).",
        },
        "field.weak_by_last_once": {
            "zh": "每期总有人末位，只看一期就是变相指标：请把 periods 写成 2 或更多。",
            "en": "Somebody is last in every period, so one period would be a quota: make periods "
            "2 or more.",
        },
        "field.shrinkage_bounds": {
            "zh": "shrinkage 的 at_least 大于 at_most：请调换。",
            "en": "at_least of shrinkage is above at_most: exchange them.",
        },
        "field.id_twice": {
            "zh": "{list} 中 {id} 出现了两次：每个 id 只用一次。",
            "en": "{id} stands twice in {list}: use each id once.",
        },
        "field.unknown_reference": {
            "zh": "没有 {id}（{what}）：已有的是 {known}。",
            "en": "There is no {what} {id}: known are {known}.",
        },
        "field.classes_meet": {
            "zh": "类别 {one} 和 {other} 有重叠：每个对象只能在一个类别中排名，"
            "请分开 domains 或 levels。",
            "en": "The classes {one} and {other} overlap: a subject is ranked in one class only, "
            "so part their domains or levels.",
        },
        "field.class_without": {
            "zh": "类别 {class} 没有指标：请至少给一个不是 stand_in 的指标。",
            "en": "The class {class} has no indicator: give it at least one that does not stand "
            "in.",
        },
        "field.grades_order": {
            "zh": "等次须从高到低：请让 {grade} 的 at_least 小于前一个。",
            "en": "Grades go from the best to the worst: make at_least of {grade} smaller than the "
            "one before.",
        },
        "field.grades_end": {
            "zh": "最低等次 {grade} 须从 0 分起：请把它的 at_least 写成 0。",
            "en": "The worst grade {grade} starts at 0: make its at_least 0.",
        },
    }
)
