import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from './html.ts';

test('what is put into a template is text, and templates are HTML', () => {
  const evil = `<script>alert("x")</script>'&`;
  const inner = html`<b>${evil}</b>`;
  assert.equal(inner.text, '<b>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;</b>');
  assert.equal(html`<p title="${evil}">${[inner, null, 1]}</p>`.text.split('<script').length, 1);
  assert.equal(html`${[html`<i>`, 'x', ['<']]}`.text, '<i>x&lt;');
});

test('bytes for a terminal and characters that turn the text around are shown, not obeyed', () => {
  assert.equal(html`${'\u001b[31m\u202eb\u0000\n\t'}`.text, '\\x1b[31m\\x202eb\\x00\n\t');
});
