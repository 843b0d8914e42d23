"""The style of a report: one column, readable on a phone and in print."""

STYLE = """
:root{color-scheme:light}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:46rem;
margin:0 auto;padding:1.2rem 1rem 3rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .8rem}
h2{font-size:1.15rem;margin:2.2rem 0 .6rem;border-bottom:1px solid #ccc;padding-bottom:.2rem}
.answer{font-size:1.12rem}
.failure{font-size:1.12rem;font-weight:600;color:#a01818;border-left:4px solid #a01818;
padding-left:.7rem}
.small{color:#555;font-size:.9rem}
pre{background:#f4f4f4;padding:.7rem .8rem;border-radius:4px;white-space:pre-wrap;
overflow-wrap:anywhere;font-size:.85rem;line-height:1.45}
pre span{white-space:nowrap}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
caption{text-align:left;font-weight:600;padding-bottom:.3rem}
td,th{padding:.22rem .8rem .22rem 0;text-align:right;vertical-align:top;
border-bottom:1px solid #e4e4e4;overflow-wrap:normal;white-space:nowrap}
th{font-weight:500;color:#444}
thead th{border-bottom:1px solid #888;white-space:normal;vertical-align:bottom}
tbody th,thead th:first-child{text-align:left}
.line>*{border-top:1px solid #888}
.pairs td{text-align:left;white-space:normal;overflow-wrap:anywhere}
.pairs th{white-space:nowrap}
.good{font-weight:700}.bad{color:#a01818;font-weight:600}.faint{color:#777}
figure{margin:1.4rem 0}
img{display:block;width:100%;max-width:40rem;height:auto}
figcaption{color:#444;font-size:.92rem;margin-top:.3rem}
@media print{
body{font-size:10.5pt;max-width:none;padding:0}
pre span{white-space:nowrap}
.scroll{overflow:visible}
td,th{white-space:normal}
figure,tr,pre,.failure{break-inside:avoid}
h2{break-after:avoid}
figure img{max-height:22cm;width:auto;max-width:80%}
}
"""
