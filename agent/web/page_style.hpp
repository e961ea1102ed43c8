// The page's style sheet. Colours are the states of images and the parts of a disk, told apart by lightness too.
#pragma once

#include <string_view>

namespace docksweep::web {

inline constexpr std::string_view page_style = R"css(
:root{color-scheme:light dark;--paper:#f6f7f9;--card:#fff;--ink:#1b2430;--soft:#5b6675;--line:#d5dbe4;--track:#eaeef3;
--blue:#2563c9;--amber:#d98a0b;--red:#c8372d;--grey:#8a96a6;--pale:#b9c6d8;--teal:#0f8b8d;--violet:#7a4fc0;--brown:#8a5a2b;--s2:#d9660b;--s5:#c2417c;--green:#1a7f4b;--kept:#c3ccd8;--banner:#fdecea;--banner-line:#e5a39d}
@media (prefers-color-scheme:dark){:root{--paper:#11161d;--card:#1a212b;--ink:#e6ebf2;--soft:#9aa7b8;--line:#2c3644;
--track:#2b3442;--blue:#5b96f5;--amber:#f0ad3d;--red:#f0685e;--grey:#7c8999;--pale:#55647a;--teal:#3fb9bb;--violet:#a88bf0;--brown:#c08a55;--s2:#f2934a;--s5:#ee7fb0;--green:#4cc38a;--kept:#4d5b6f;--banner:#3a1f1e;
--banner-line:#7d3b37}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",
sans-serif;-webkit-text-size-adjust:100%}
main,header,footer{max-width:68rem;margin:0 auto;padding:0 1.25rem}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:.15rem .9rem;padding-top:1.5rem;padding-bottom:.25rem}
h1{font-size:1.35rem;margin:0;letter-spacing:-.01em}
h2{font-size:1rem;margin:0 0 .8rem}
p{margin:.3rem 0}
a{color:var(--blue)}
.host{font-size:1.05rem;overflow-wrap:anywhere}
.soft{color:var(--soft)}
.pill{font-size:.8rem;padding:.1rem .6rem;border:1px solid var(--line);border-radius:1rem;background:var(--card);
white-space:nowrap}
.pill::before{content:"";display:inline-block;width:.55rem;height:.55rem;border-radius:50%;background:var(--grey);
margin-right:.4rem}
.pill.good::before{background:var(--green)}
.pill.bad::before{background:var(--red)}
.engine{flex-basis:100%;margin:0;color:var(--soft);font-size:.9rem}
.banner{background:var(--banner);border:1px solid var(--banner-line);border-radius:.6rem;padding:.8rem 1.1rem;margin:1rem 0}
.banner code{overflow-wrap:anywhere}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(11.5rem,1fr));gap:.9rem;margin:1rem 0}
.card,section{background:var(--card);border:1px solid var(--line);border-radius:.6rem}
.card{padding:.9rem 1.1rem}
.card h2{color:var(--soft);font-size:.85rem;font-weight:600;margin:0}
.card .big{color:var(--ink);font-size:1.55rem;font-weight:650;letter-spacing:-.02em;line-height:1.35;margin:0;
font-variant-numeric:tabular-nums}
.card p{font-size:.85rem;color:var(--soft);margin:0}
.card.main{border-color:var(--blue);box-shadow:inset 0 0 0 1px var(--blue)}
section{padding:1.1rem 1.25rem;margin:0 0 .9rem}
.bar{display:block;width:100%;height:.85rem;border-radius:.3rem;background:var(--track);margin:.35rem 0 .45rem}
.blue{fill:var(--blue);background:var(--blue)}.amber{fill:var(--amber);background:var(--amber)}
.red{fill:var(--red);background:var(--red)}.grey{fill:var(--grey);background:var(--grey)}
.track{background:var(--track)}.kept{fill:var(--kept);background:var(--kept)}
.pale,.elsewhere{fill:var(--pale);background:var(--pale)}.teal,.s1{fill:var(--teal);background:var(--teal)}
.violet,.s3{fill:var(--violet);background:var(--violet)}.brown,.s6{fill:var(--brown);background:var(--brown)}
.s2{fill:var(--s2);background:var(--s2)}.s4{fill:var(--green);background:var(--green)}.s5{fill:var(--s5);background:var(--s5)}
.own{fill:var(--blue);background:var(--blue)}.bar rect{stroke:var(--card);stroke-width:1;vector-effect:non-scaling-stroke}
.full{color:var(--red)}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.3rem;list-style:none;margin:0;padding:0;font-size:.87rem}
.legend i{display:inline-block;width:.7rem;height:.7rem;border-radius:.15rem;margin-right:.4rem}
.legend b{font-variant-numeric:tabular-nums}
.disk{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem}
.disk+.bar{margin-top:.2rem}
.disks>div+div{margin-top:1.1rem}
code{font-family:ui-monospace,"SFMono-Regular","DejaVu Sans Mono",Menlo,monospace;font-size:.92em}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{font-size:.8rem;color:var(--soft);font-weight:600;text-align:left;padding:.3rem .5rem;border-bottom:1px solid var(--line)}
td{padding:.42rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}
tbody tr:last-child>*{border-bottom:0}
th:first-child,td:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:0}
.number{text-align:right;white-space:nowrap}
.name{overflow-wrap:anywhere}
th.name{min-width:17rem}
.state{white-space:nowrap}
.state i{display:inline-block;width:.6rem;height:.6rem;border-radius:.15rem;margin-right:.4rem}
tbody th{font-size:inherit;color:inherit;font-weight:inherit;padding:.42rem .5rem;vertical-align:top}
caption{text-align:left;color:var(--soft);font-size:.87rem;padding:.2rem 0 .4rem}
thead a{color:inherit}
th[aria-sort] a{color:var(--ink)}
th[aria-sort=descending] a::after{content:" ↓"}
th[aria-sort=ascending] a::after{content:" ↑"}
:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
.scroll{overflow-x:auto}
.id,.also{display:block;color:var(--soft);font-size:.8rem}
.verdict{min-width:14rem;font-size:.87rem}
.verdict code{overflow-wrap:anywhere}
.goes{color:var(--red);font-weight:600}
form{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;font-size:.87rem}
input,select,button{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:.35rem;
padding:.25rem .5rem;max-width:100%}
input[type=search]{width:16rem}
[aria-busy]{opacity:.6}
.pages{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;padding:.7rem 0;font-size:.87rem}
.layers{list-style:none;margin:0;padding:0}
.swatch{display:inline-block;width:.7rem;height:.7rem;border-radius:.15rem;margin:0 .3rem 0 .5rem}
details{border-top:1px solid var(--line);padding:.5rem 0}
summary{cursor:pointer;overflow-wrap:anywhere}
summary h3{display:inline;font-size:1rem}
details>p,details>ul{font-size:.87rem}
tr.goal td{color:var(--green);font-weight:600;border-top:2px solid var(--green);border-bottom:2px solid var(--green)}
tr.short td{color:var(--red);font-weight:600}
.outcome{font-size:.8rem;border:1px solid var(--line);border-radius:1rem;padding:0 .5rem}
.outcome.failed,.outcome.missed,.outcome.interrupted{color:var(--red)}
.outcome.reached{color:var(--green)}
footer{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding-top:.4rem;padding-bottom:2rem;font-size:.87rem}
@media (max-width:40rem){main,header,footer{padding-left:.9rem;padding-right:.9rem}.cards{grid-template-columns:1fr 1fr;gap:.6rem}
.card{padding:.7rem .8rem}.card.main{grid-column:1/-1}.card .big{font-size:1.3rem}section{padding:.9rem}.wide{display:none}
table{font-size:.87rem}th,td{padding-left:.3rem;padding-right:.3rem}.number{white-space:normal}
input[type=search]{width:100%}
#images-table thead tr{display:flex;flex-wrap:wrap}#images-table tbody tr{display:grid;grid-template-columns:1fr auto auto;
border-bottom:1px solid var(--line);padding:.4rem 0}#images-table tbody th,#images-table td{border:0;padding:.1rem .3rem .1rem 0}
#images-table tbody th,#images-table .verdict{grid-column:1/-1}#images-table td.number::before{color:var(--soft)}
#images-table .number{white-space:nowrap}#images-table td.size::before{content:"size "}#images-table td.alone::before{content:"frees "}}
)css";

}  // namespace docksweep::web
