"""What the demo city's residents ask for, and what those who help them write."""

TEXTS: dict[str, tuple[str, ...]] = {
    "utilities": (
        "{place}三号楼从早上开始停水，家里有老人和婴儿，什么时候能恢复？",
        "{place}整栋楼停电两个小时了，冰箱里的药品怕坏。",
        "{place}楼下自来水发黄，放了十分钟还是浑的。",
        "{place}五单元暖气不热，室内只有十三度。",
        "{place}门口污水外溢，味道很大，行人要绕着走。",
        "{place}充电桩坏了一半，晚上排不上队。",
    ),
    "city_appearance": (
        "{place}西门垃圾桶满了两天没人清运。",
        "{place}的路灯有六盏不亮，晚上老人出门不安全。",
        "{place}树枝伸到二楼窗户，刮风时打玻璃。",
        "{place}菜市场外流动摊贩把路口占满了。",
        "{place}公厕没有洗手液，地面很滑。",
        "{place}楼道里贴满小广告，请来清理一下。",
    ),
    "housing": (
        "{place}电梯一周坏了三次，七楼的住户上下楼很困难。",
        "{place}物业收了公共收益从来不公示。",
        "{place}楼顶渗水，卧室墙面起皮了。",
        "{place}门禁坏了一个月，外人随便进出。",
        "{place}想加装电梯，不知道怎么申请、要几户同意。",
    ),
    "traffic": (
        "{place}门口的红绿灯时间太短，老人过不去。",
        "{place}东侧人行道上天天有车违停，推婴儿车只能走马路。",
        "{place}路面坑洼，下雨天电动车摔了好几个人。",
        "{place}到人民医院的公交末班车能不能晚半小时？",
    ),
    "environment": (
        "{place}旁边工地夜里十一点还在施工，噪音很大。",
        "{place}楼下烧烤店油烟直往楼上飘。",
        "{place}小广场的音响声音太响，广场舞扰民。",
    ),
    "care": (
        "{place}有位独居老人，这几天没下楼，请派人上门看看。",
        "我母亲八十六岁住在{place}，想申请助餐送餐。",
        "{place}有轮椅出行的居民，台阶处需要一块坡板。",
        "我家在{place}，爱人重病生活困难，想问能申请什么救助。",
    ),
    "government": (
        "{place}居住证到期了，在哪个窗口续办，要带什么？",
        "想在{place}开个小面馆，营业执照怎么办？",
        "建议在{place}办一个周末社区活动，让年轻人也来参加。",
    ),
    "market": (
        "{place}附近的健身房关门了，预付卡里的钱不退款。",
        "在{place}超市买到过期牛奶，要求处理。",
    ),
    "labor": (
        "在{place}附近工地干了三个月，工资没发，工头不接电话。",
        "{place}有没有适合五十岁妇女的招聘信息？我想就业。",
    ),
    "health": (
        "{place}的孩子打疫苗要到哪里预约？",
        "{place}卫生站能不能开慢性病的药，医保能报吗？",
    ),
    "education": (
        "{place}今年划到哪个学校，入学要准备什么材料？",
        "{place}的图书馆周末能不能开到晚上九点？",
    ),
    "land": ("{place}楼顶有人搭建阳光房，请查一下是不是违建。",),
    "members": ("我是外地来的流动党员，住在{place}，组织关系怎么转过来？",),
    "safety": (
        "{place}门口井盖缺失，晚上看不见，已经有人差点掉下去。",
        "{place}消防通道被私家车堵住了，请马上来挪。",
    ),
}
"""By the category that the shipped rule table finds in each."""

SHARES = {
    "utilities": 20, "city_appearance": 20, "housing": 42, "traffic": 10, "environment": 10,
    "care": 12, "government": 4, "market": 8, "labor": 7, "health": 12, "education": 4, "land": 2,
    "members": 1, "safety": 2,
}  # fmt: skip
"""How many of each are asked for on the demo day."""

DECLINED = ("不在本人服务时间，请转派", "设备由另一单位管护，请转派", "今日人手已满，请安排他人")
RETURNED = ("现场核实属楼内管线，应由物业处理", "需要上级协调施工许可")
DONE = (
    "已到现场处理完毕，并电话告知居民。",
    "当天修复，居民在场确认。",
    "已上门服务，约定下周再回访一次。",
    "已办结，办理结果短信告知。",
)
THANKS = ("来得很快，谢谢。", "问题解决了，态度也好。", "处理了，希望以后少出现。", "满意。")
COMPLAINTS = ("只来看了一眼，没有修好。", "说处理了，其实还是老样子。")

CASES = (
    ("traffic", "公交站台座椅损坏，已安排更换"),
    ("traffic", "公交末班车时间调整的反映"),
    ("utilities", "夜间抢修供热管道"),
    ("utilities", "小区换热站压力偏低"),
    ("market", "退货纠纷，门店已登记"),
)
"""Cases that units report from their own systems: category and words."""
