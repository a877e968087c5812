"""The report in Chinese."""

from parking.web.report.words import Words

CHINESE = Words(
    tag="zh-CN",
    comma="、",
    semicolon="；",
    percent="{number}%",
    hours_minutes="{hours} 小时 {minutes} 分",
    hours="{hours} 小时",
    minutes="{minutes} 分钟",
    month="{year} 年 {name}",
    months=(
        "1 月", "2 月", "3 月", "4 月", "5 月", "6 月",
        "7 月", "8 月", "9 月", "10 月", "11 月", "12 月",
    ),
    day="{day} 日（{weekday}）",
    days_of="{month} {days} 日",
    moment="{year} 年 {month} {day} 日 {time}（{offset}）",
    weekdays=("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    initials=("一", "二", "三", "四", "五", "六", "日"),
    hour="{first}:00–{last}:00",
    hour_of_week="{weekday} {hour}",
    lot="1 个停车场",
    lots="{count} 个停车场",
    named="{name}：{told}",
    none="–",
    unknown="未知",
    at_least="≥ {number}",
    title="{month}停车使用月报",
    all_lots="停车场",
    district="片区",
    time_zone="日期和小时所属时区",
    made_at="生成时间",
    running="本月尚未结束：报告截至 {date}。",
    ahead="本月尚未开始：还没有任何数据。",
    no_lots="没有选择任何停车场。",
    key_figures="全部停车场的主要指标",
    key_intro="统计范围：覆盖率不低于一半的 {lots}。",
    left_out="因覆盖率不足一半而未计入的有 {lots}：{names}。",
    none_counted="没有一个停车场的覆盖率达到一半，因此不作汇总。",
    of_lots="{lots}中的 {some} 个",
    in_lot="在{lot}",
    rests_on="已知 {share}",
    capacity="车位数",
    coverage="覆盖率",
    mean="平均占用率",
    peak="峰值占用率",
    peak_hour="最满的时段",
    saturation="饱和度",
    highest_saturation="最高饱和度",
    full="满位时长",
    turned_away="因满位未停入（估计）",
    arrivals="驶入",
    departures="驶出",
    turnover="周转率",
    turnover_unit="每车位每天驶出车次",
    dwell_mean="平均停放时长",
    dwell_p50="停放时长中位数",
    dwell_p85="85% 的停放不超过",
    summed="各停车场之和",
    week="一周各小时的占用率",
    week_intro=(
        "全部停车场合计，各按其已知的车位时间加权。数字为平均占用率（%）；第 8 列为 8:00 至 9:00。"
    ),
    week_desc=(
        "最满：{fullest}。最空：{emptiest}。168 个小时中，已知不足一半的有 {low} 个，"
        "完全未知的有 {unknown} 个。"
    ),
    week_empty="一周各小时的情况均未知。",
    cell_desc="{hour}：{mean}，已知 {coverage}",
    scale="平均占用率",
    scale_low="已知不足一半",
    scale_unknown="完全未知",
    days="本月各日",
    days_intro=(
        "全部停车场合计。柱为平均占用率，横线为各停车场中的最高峰值；已知不足一半的日子为灰色斜线；"
        "周六和周日为粗体。"
    ),
    days_desc="最满：{fullest}。最空：{emptiest}。完全未知的有 {unknown} 天。",
    days_empty="本月各日的情况均未知。",
    date="日期",
    busiest="最繁忙的停车场",
    busiest_intro=(
        "按平均占用率排序。条形中的竖线为峰值。满位时长和因满位未停入的车，条形以其中最大者为满格。"
    ),
    rank="名次",
    name="停车场",
    unranked="覆盖率不足一半，不参加排名",
    stays="停放时长",
    stays_intro="统计在本月内结束的停放；限每个车位都有传感器、且覆盖率不低于一半的停车场。",
    stays_desc="各时长所占比例。{classes}。",
    stays_empty="没有测得任何停放时长。",
    stays_classes=(
        "<15 分钟", "15–30 分钟", "30–60 分钟", "1–2 小时",
        "2–4 小时", "4–8 小时", "8–24 小时", ">1 天",
    ),
    stays_counted="{lots}，共 {count} 次停放。",
    stays_lines="其中一半不超过 {median}，85% 不超过 {p85}。",
    stays_median="中位数 {length}",
    stays_p85="85% 不超过 {length}",
    stays_unmeasured="未测量：{names}。",
    stays_left_out="因覆盖率不足一半而未计入：{names}。",
    each="各停车场",
    each_intro=(
        "上图为一周各小时（自周一起，颜色同前），下图为本月各日。"
        "括号内为该指标所依据的时间占比，仅在不足一半时注明。"
    ),
    quality="数据质量",
    quality_intro=(
        "各停车场每日的覆盖率（%），即已知其占用或空闲的车位时间所占的比例。"
        "深色：95% 或以上；斜线：不足一半；带框：完全未知；空白：该日尚未开始。"
    ),
    month_total="全月",
    gaps="数据缺口",
    gap_none="{days}完全未知",
    gap_low="{days}已知不足一半",
    gap_all="各日均完全未知",
    gap_no_days="尚无任何一天开始",
    gapless="至今每日覆盖率均不低于一半的有 {lots}。",
    definitions="指标说明",
    definitions_intro=(
        "车位时间＝车位数×时间：10 个车位 1 小时为 36,000 车位·秒。"
        "各指标均由逐时刻显示的数字对时间求和得出。"
    ),
    term="指标",
    meaning="含义与公式",
    terms={
        "覆盖率": (
            "已知车位·秒 ÷ 全部车位·秒。未能及时收到消息的车位算未知，既不算占用，也不算空闲。"
            "50% 表示：一半的车位始终已知，或全部车位有一半时间已知。"
        ),
        "平均占用率": (
            "占用车位·秒 ÷ 已知车位·秒。它不说明未知部分的情况。"
            "多个停车场或多个小时合计时，为占用车位·秒之和 ÷ 已知车位·秒之和。"
        ),
        "峰值占用率": (
            "任一时刻占用车位数 ÷ 车位总数的最大值；多个停车场时取其中最大者。"
            "未知的车位在此不算占用，因此可能偏低。"
        ),
        "驶入、驶出、≥": (
            "车次，由车位传感器或道闸计得。≥ 即至少，表示有的区域只上报读数，"
            "两次读数之间一进一出的车看不到。只上报“已满”等标志的区域，车次未知。"
        ),
        "周转率": "驶出 × 86,400 ÷ 全部车位·秒，即每车位每天的驶出车次。",
        "平均停放时长": (
            "占用车位·秒 ÷ 驶出（利特尔法则），限能计得驶出车次的停车场。"
            "覆盖率低时偏短：驶出车次全部计入，占用时间却不全。"
        ),
        "停放时长中位数、85%": (
            "在本月内结束的停放，有一半（或 85%）不超过该时长；误差在 5% 以内。"
            "限每个车位都有传感器的区域。"
        ),
        "满位时长": (
            "没有空位、且没有未知车位的时间；多个停车场时为各场之和。"
            "因此，只要有一个传感器失联，该停车场就不算满位；"
            "若其余车位全被占用，则是否满位未知。"
        ),
        "饱和度": "开放时间内，占用车位达到九成或以上的时间所占的比例，只计能够判断的时间。",
        "最满的时段": (
            "全月占用车位·秒 ÷ 已知车位·秒最大的那个当地小时。"
            "括号内为一天中已知最少的那个小时的覆盖率。"
        ),
        "因满位未停入（估计）": (
            "满位期间预计到来的车辆数：满位时长 × 前后各四周同一周内小时的到达率，"
            "只取确知从未满位的小时。这是估计值，不是计数。"
        ),
        "当地时间": (
            "日期和小时按各停车场自己的当地时间。"
            "遇时钟调快或调慢，当日为 23 或 25 小时；相应的小时所含时间随之减少或增加，"
            "并按此加权。"
        ),
        "未知": "“–”或“未知”表示完全没有数据，或该处无法得出该指标，绝不表示 0。",
    },
)  # fmt: skip
