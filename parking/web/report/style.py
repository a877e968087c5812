"""How the report looks, on paper and on a screen. It reaches for nothing outside the document."""

from parking.web.report.scale import COLOURS, GREYS

_DARK = 4  # the class from which on numbers in a box are white

_FILLS = "".join(
    f".{mark}{place}{{fill:{colour}}}"
    f".t{mark}{place}{{fill:{'#fff' if place >= _DARK else '#111'};stroke:{colour}}}\n"
    for mark, colours in (("o", COLOURS), ("u", GREYS))
    for place, colour in enumerate(colours)
)

STYLE = (
    """\
@page{size:A4;margin:14mm 13mm 16mm;
@bottom-right{content:counter(page) " / " counter(pages);font-size:8pt;color:#444}}
*{box-sizing:border-box}
html{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{margin:0 auto;max-width:184mm;color:#111;background:#fff;
font-size:9.5pt;line-height:1.45;overflow-wrap:anywhere}
:lang(en){font-family:"Noto Sans","Segoe UI","Helvetica Neue",Arial,"Liberation Sans","DejaVu Sans",
"Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif}
:lang(zh){font-family:"Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif}
h1{font-size:20pt;line-height:1.2;margin:0 0 2mm}
h2{font-size:13pt;line-height:1.25;margin:7mm 0 1.5mm;padding-top:1.5mm;
border-top:.4mm solid #1b2c69}
h3{font-size:9.5pt;margin:3mm 0 1mm}
h1,h2,h3{break-after:avoid}
p{margin:0 0 2mm;max-width:178mm}
small,.note{font-size:7.5pt;color:#444}
section>p{break-after:avoid}section>p.note{break-after:auto}
dl,dd,figure,ul{margin:0;padding:0}
svg{display:block;width:100%;height:auto}
svg text{font-size:9px;text-anchor:middle;dominant-baseline:central;fill:#111}
.stay{paint-order:stroke;stroke:#fff;stroke-width:3px}
svg text.row{text-anchor:end}svg text.from{text-anchor:start}svg text.rest{font-weight:700}
p,figure,.cards,.cards>div,article,tr,li{break-inside:avoid}
figure{margin:1mm 0 2mm}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:0 4mm}
.facts dt,.lines dt{color:#444}
.cards{display:grid;grid-template-columns:repeat(5,1fr);gap:1.5mm;margin-bottom:2mm}
.cards>div{border:.25mm solid #999;border-radius:1mm;padding:1.2mm 2mm;min-width:0}
.cards dt{font-size:7.5pt;color:#444}.cards dd{font-size:12pt;font-weight:700;line-height:1.3}
.cards dd.note{font-size:7.5pt;font-weight:400}
.legend{display:flex;flex-wrap:wrap;gap:.5mm 3mm;font-size:7.5pt;max-width:none;
break-before:avoid;break-after:auto}
.key{display:inline-flex;align-items:center;gap:1mm}
.key svg{width:3.5mm;height:3.5mm;border:.2mm solid #777}
.frame{fill:#fff;stroke:#777;stroke-width:.7}
.no,.hd,.hl{fill:none;stroke:#555;stroke-width:.8}.hd{stroke:#606060;stroke-width:.7}.hl{stroke:#fff}
.grid{stroke:#bbb;stroke-width:.6}.bar{fill:#3893b2}.weak{fill:#d6d6d6}.tape{fill:#eee}
.peak{stroke:#111;stroke-width:1.8}.mark{stroke:#111;stroke-width:1;stroke-dasharray:3 2}
svg.bar{fill:none;width:24mm;margin:.3mm 0}
[class^=tu],[class^=to]{paint-order:stroke;stroke-width:2.5px}
table{border-collapse:collapse;width:100%}
thead{display:table-header-group}
th,td{text-align:left;vertical-align:baseline;padding:.8mm 1.2mm;border-bottom:.2mm solid #bbb}
thead th{font-size:7.5pt;vertical-align:bottom;border-bottom:.4mm solid #111}
tbody th{font-weight:400}
.ranking{table-layout:fixed;font-size:8.5pt;line-height:1.3}
.ranking td,.ranking th{padding:.5mm 1mm}
.ranking th:nth-child(1){width:10mm}.ranking th:nth-child(3),.ranking th:nth-child(5){width:28mm}
.ranking th:nth-child(4){width:19mm}.ranking th:nth-child(6){width:30mm}
.ranking th:nth-child(7){width:18mm}
td.number{font-variant-numeric:tabular-nums;white-space:nowrap}
.over{font-size:7.5pt;color:#444;padding-top:3mm}
.days{break-inside:avoid}.days td,.days th{text-align:right;padding:.3mm 1.2mm;font-size:8pt}
.days th:first-child{text-align:left}
.lots{display:grid;grid-template-columns:1fr 1fr;gap:4mm 5mm}
article{min-width:0;border-top:.25mm solid #777;padding-top:1mm}
article h3{margin:0 0 1mm;-webkit-line-clamp:3}
.lines{display:grid;grid-template-columns:1fr 1fr;gap:0 4mm;font-size:7.5pt}
.lines>div{display:flex;justify-content:space-between;gap:2mm;border-bottom:.15mm solid #ddd}
.lines dt{white-space:nowrap}.lines dd{text-align:right;font-variant-numeric:tabular-nums}
.coverage{table-layout:fixed;font-size:6pt;line-height:1.2}
.coverage th,.coverage td{padding:.5mm 0;text-align:center;border:.2mm solid #fff;font-size:6pt}
.coverage .name{width:30mm;text-align:left;padding-right:1mm}.coverage .total{width:8.5mm}
.coverage tbody .name{font-size:7pt}
.coverage tbody .name bdi,article h3{display:-webkit-box;overflow:hidden;
-webkit-box-orient:vertical}
.coverage tbody .name bdi{-webkit-line-clamp:2}
.c3{background:#1b2c69;color:#fff}.c2{background:#74bcae}
.coverage td.c1{background:repeating-linear-gradient(135deg,#fff 0 .8mm,#ccc .8mm 1.1mm)}
.coverage td.c0{outline:.2mm solid #555;outline-offset:-.35mm}.coverage td.ahead{border-color:#eee}
ul{padding-left:5mm;margin-bottom:2mm}
.terms{table-layout:fixed}.terms th:first-child{width:38mm}.terms tbody th{font-weight:700}
@media screen{body{padding:8mm}}
@media screen and (max-width:160mm){.cards,.lots{grid-template-columns:1fr 1fr}}
@media print{.page,.long .part{break-before:page}.page>h2,.long .part>h2{margin-top:0}}
"""
    + _FILLS
)
