// How the pages look: in light and in dark, from 320 pixels on. Every text has a contrast of 4.5:1 or more with what is behind it.

export const style = `:root { color-scheme: light dark;
  --ground: #fbfbf9; --card: #fff; --text: #1c1f1e; --faint: #5a605d; --line: #d6dad6; --link: #14573f; --accent: #1f5f4a;
  --good: #14633c; --goodground: #e2f3e8; --bad: #a3171b; --badground: #fde8e6; --wait: #7a4a00; --waitground: #fdf0d5 }
@media (prefers-color-scheme: dark) { :root {
  --ground: #161918; --card: #1e2221; --text: #e8ebe9; --faint: #a3aaa6; --line: #3a403d; --link: #7fd1ae; --accent: #2b7a60;
  --good: #84dba8; --goodground: #123522; --bad: #ffa29b; --badground: #4a1514; --wait: #f3c671; --waitground: #41300b } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.45 system-ui, sans-serif }
header { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; align-items: center; padding: .6rem 1rem; background: var(--card); border-bottom: 1px solid var(--line) }
header p { margin: 0 } header form { margin-left: auto }
.name { font-weight: 600 } .who { color: var(--faint); margin-right: .4rem }
nav a { padding: .35rem .5rem; display: inline-block } nav a[aria-current] { font-weight: 600; text-decoration: none; border-bottom: 2px solid currentColor }
main { max-width: 76rem; margin: 0 auto; padding: 1rem } main:focus { outline: none } main.bare { max-width: 26rem; padding-top: 3rem }
h1 { font-size: 1.5rem; margin: .4rem 0 .8rem; overflow-wrap: anywhere } h2 { font-size: 1.1rem; margin: 1.6rem 0 .5rem }
a { color: var(--link) }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px }
.skip { position: absolute; left: -100rem } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem; z-index: 1 }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.faint { color: var(--faint) } .wrap { overflow-wrap: anywhere }
#notice { margin: 0 } .notice { display: block; background: var(--waitground); color: var(--text); padding: .6rem .8rem; border-radius: .3rem; margin-bottom: .8rem; white-space: pre-line }
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line) }
caption { text-align: left; color: var(--faint); padding: .2rem 0 }
th, td { text-align: left; vertical-align: middle; padding: .45rem .6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
thead th { font-size: .85rem; color: var(--faint); font-weight: 600; overflow-wrap: normal }
tbody th { font-weight: 600 } .of { padding-left: 1.4rem }
td.n { font-variant-numeric: tabular-nums; white-space: nowrap } td.when { white-space: nowrap }
.state { font-weight: 600; padding: .1rem .45rem; border-radius: .25rem; white-space: nowrap; font-size: .85rem }
.good { color: var(--good); background: var(--goodground) } .bad { color: var(--bad); background: var(--badground) } .wait { color: var(--wait); background: var(--waitground) } .off { color: var(--faint); border: 1px solid var(--line) }
.acts { display: flex; flex-wrap: wrap; gap: .4rem }
button, .act { font: inherit; font-size: .9rem; color: var(--link); background: var(--card); border: 1px solid var(--line); border-radius: .3rem; padding: .3rem .65rem; text-decoration: none; cursor: pointer; display: inline-block }
button:hover, .act:hover { border-color: currentColor }
button.do { color: #fff; background: var(--accent); border-color: var(--accent); padding: .45rem 1rem } button.do.harsh { background: #a3171b; border-color: #a3171b }
input, select { font: inherit; padding: .4rem .5rem; border: 1px solid var(--faint); border-radius: .3rem; background: var(--ground); color: var(--text); max-width: 100% }
label { display: block; margin: .6rem 0 .2rem } .bare input { width: 100% }
.row { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; margin: 1rem 0 } .row label, .row p { margin: 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0 } dt { color: var(--faint) } dd { margin: 0; overflow-wrap: anywhere }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem; margin: 0; padding: 0; list-style: none }
.cards li { background: var(--card); border: 1px solid var(--line); border-radius: .3rem; padding: .6rem .8rem } .cards b { display: block; font-size: 1.25rem; font-weight: 600 }
ul.plain { list-style: none; margin: 0; padding: 0 } .plain li { background: var(--card); border: 1px solid var(--line); border-radius: .3rem; padding: .6rem .8rem; margin: .4rem 0; overflow-wrap: anywhere } code { font: .88rem/1.4 ui-monospace, monospace }
.spark { width: 6rem; height: 1.5rem; vertical-align: middle; margin-left: .4rem } .cards .spark { width: 100%; margin: 0; height: 2.2rem }
.spark path { fill: none; stroke: var(--link); stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .3rem; padding: .7rem; margin: .5rem 0; overflow: auto; font: .84rem/1.4 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
pre.log { max-height: 70vh }
@media (max-width: 44rem) {
  table.fold, .fold tbody, .fold tr, .fold th, .fold td { display: block } .fold thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  .fold tr { padding: .5rem .2rem; border-bottom: 1px solid var(--line) } .fold th, .fold td { border: 0; padding: .2rem .6rem } .fold td:empty { display: none }
  .fold td[data-label]::before { content: attr(data-label) ": "; color: var(--faint) }
  dl { grid-template-columns: 1fr } dd { margin: 0 0 .4rem } .act, button { padding: .5rem .8rem } header form { margin-left: 0 } }
@media (forced-colors: active) { .state { border: 1px solid } .spark path { stroke: CanvasText } }
`;
