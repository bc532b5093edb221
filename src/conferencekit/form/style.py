"""The stylesheet of the shipped pages: one column from 320 px up, both directions of writing, nothing loaded.

Contrast is at least 4.5:1 for text and 3:1 for the edges of controls (WCAG 2.2, 1.4.3 and 1.4.11); controls are at
least 44 px high, boxes and dots 24 px (2.5.8).
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

STYLESHEET: Final = """
:root { color-scheme: light; --ink: #17212b; --soft: #4a5866; --line: #6b7987; --rule: #d5dce3; --paper: #fff;
  --ground: #f3f5f8; --accent: #0b4a86; --accent-dark: #083763; --wrong: #b3261e; --focus: #ffbf47; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: anywhere;
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans SC", "Noto Sans CJK SC",
  "Noto Sans Arabic", "PingFang SC", "Microsoft YaHei", Tahoma, sans-serif; }
.ck-header { background: var(--accent-dark); color: #fff; border-block-end: 4px solid #c8a24a; }
.ck-header div, .ck-footer div, main { max-width: 44rem; margin-inline: auto; padding-inline: 1.25rem; }
.ck-header div { padding-block: 1.1rem 1rem; }
.ck-header p { margin: 0; }
.ck-header a { color: inherit; display: inline-block; min-height: 24px; }
.ck-title { font-size: 1.2rem; font-weight: 650; line-height: 1.35; }
.ck-theme { color: #d6e2ee; font-size: 0.95rem; }
main { background: var(--paper); padding-block: 1.75rem 2.25rem; }
.ck-footer div { padding-block: 1.25rem 2.5rem; color: var(--soft); font-size: 0.95rem; }
@media (min-width: 48rem) {
  main { margin-block-start: 2rem; padding-inline: 2.5rem; padding-block: 2.25rem 2.75rem; border-radius: 6px;
    border: 1px solid var(--rule); }
  .ck-header div, .ck-footer div { padding-inline: 2.5rem; }
}
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; font-weight: 650; }
h2 { font-size: 1.2rem; line-height: 1.35; margin: 2rem 0 0.5rem; font-weight: 650; }
h3 { font-size: 1.0625rem; line-height: 1.45; margin: 1.25rem 0 0.25rem; font-weight: 650; }
p { margin: 0 0 1rem; }
a { color: var(--accent); text-underline-offset: 0.15em; }
main a, .ck-footer a { display: inline-block; min-height: 24px; vertical-align: top; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; box-shadow: 0 0 0 6px var(--focus);
  border-radius: 2px; }
.ck-facts { margin: 0 0 1.75rem; padding: 0.9rem 1.1rem; background: var(--ground);
  border-inline-start: 4px solid var(--accent); }
.ck-facts dt { font-weight: 600; }
.ck-facts dd { margin: 0 0 0.6rem; }
.ck-facts dd:last-child { margin-block-end: 0; }
@media (min-width: 36rem) {
  .ck-facts { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: 0.35rem 1.25rem; }
  .ck-facts dd { margin: 0; }
}
.ck-field { margin: 0 0 1.6rem; padding: 0; border: 0; min-width: 0; }
.ck-field > label, .ck-field > legend { display: block; font-weight: 600; padding: 0; margin: 0 0 0.3rem; }
.ck-optional { font-weight: 400; color: var(--soft); }
.ck-hint { color: var(--soft); margin: 0 0 0.45rem; font-size: 0.97rem; }
.ck-error { color: var(--wrong); font-weight: 600; margin: 0 0 0.45rem; }
.ck-wrong { border-inline-start: 4px solid var(--wrong); padding-inline-start: 0.9rem; }
.ck-hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
input, select, textarea, button { font: inherit; color: inherit; max-width: 100%; }
input:not([type=checkbox], [type=radio], [type=hidden]), select, textarea { display: block; width: 100%;
  min-height: 2.9rem;
  padding: 0.5rem 0.7rem; background: #fff; border: 1px solid var(--line); border-radius: 4px; }
textarea { min-height: 9rem; resize: vertical; line-height: 1.5; }
input[type=file] { padding: 0.55rem; background: var(--ground); }
::file-selector-button { font: inherit; font-weight: 600; color: var(--accent); background: #fff;
  padding: 0.3rem 0.9rem; margin-inline-end: 0.8rem; border: 1px solid var(--accent); border-radius: 4px;
  cursor: pointer; }
.ck-field [aria-invalid=true]:not([type=checkbox]) { border: 2px solid var(--wrong); }
input[type=checkbox][aria-invalid=true]:not(:focus-visible) { outline: 2px solid var(--wrong); outline-offset: 1px; }
.ck-option { display: flex; gap: 0.7rem; align-items: flex-start; margin: 0 0 0.35rem; }
.ck-option input { flex: none; width: 1.5rem; height: 1.5rem; min-width: 24px; min-height: 24px; margin: 0.65rem 0 0;
  accent-color: var(--accent); }
.ck-option label { flex: 1; min-height: 2.75rem; padding-block: 0.6rem; cursor: pointer; }
.ck-buttons { display: flex; flex-wrap: wrap; gap: 0.8rem; margin-block: 2rem 0; }
.ck-button { min-height: 2.9rem; padding: 0.55rem 1.5rem; border: 2px solid var(--accent); border-radius: 4px;
  background: var(--accent); color: #fff; font-weight: 600; cursor: pointer; text-decoration: none;
  display: inline-block; }
.ck-button:hover { background: var(--accent-dark); border-color: var(--accent-dark); }
.ck-button.ck-second { background: #fff; color: var(--accent); }
.ck-button.ck-second:hover { background: var(--ground); }
.ck-summary { border: 3px solid var(--wrong); border-radius: 4px; padding: 1rem 1.25rem; margin: 0 0 1.75rem; }
.ck-summary h2 { margin: 0 0 0.4rem; }
.ck-summary ul { list-style: none; margin: 0; padding: 0; }
.ck-summary li { padding-block: 0.15rem; }
.ck-summary a { color: var(--wrong); font-weight: 600; display: inline-block; min-height: 24px; }
.ck-reference { font-size: 1.25rem; font-weight: 650; letter-spacing: 0.02em; }
.ck-notice { border-inline-start: 4px solid #1b7a43; background: #eef7f1; padding: 0.7rem 1rem; }
.ck-answer { white-space: pre-line; margin: 0 0 1rem; }
.ck-list { padding-inline-start: 1.25rem; }
.ck-list a { display: inline-block; min-height: 24px; }
@media print { body, main { background: #fff; border: 0; } .ck-header { background: #fff; color: #000; }
  .ck-theme { color: #000; } .ck-button { display: none; } }
"""


def content_security_policy() -> str:
    """A `Content-Security-Policy` that these pages work under: their stylesheet, and forms to the same site."""
    digest = base64.b64encode(hashlib.sha256(STYLESHEET.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
