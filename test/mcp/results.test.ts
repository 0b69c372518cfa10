import assert from 'node:assert/strict';
import fc from 'fast-check';
import { outputOf, resultTextLimit } from '../../extension/mcp/results.ts';
import type { McpCallResult, McpContent } from '../../extension/mcp/types.ts';
import { imageDataLimit, textOf } from '../../extension/shared/message.ts';
import { fakeFiles, resultOf, textResult } from './toolParts.ts';

/** One pixel. */
const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const read = async (result: McpCallResult) => {
  const files = fakeFiles();
  const output = await outputOf('get_it', result, files);
  return { ...output, ...files, text: textOf(output.content) };
};

describe('results of MCP tools', () => {
  const textCases: [string, string, string][] = [
    ['colours and cursor moves', 'a \u001b[31mred\u001b[0m\u001b]8;;http://x\u0007 b', 'a red b'],
    ['orders to a window', 'a\u001b]0;title\u001b\\b\u001b\u001b]8;;c', 'ab]8;;c'],
    ['control characters', 'a\u0000\u0008b\u009b1mc', 'abc'],
    ['line endings', 'a\r\nb\rc\u2028d', 'a\nb\nc\nd'],
    ['text direction', 'a\u202eb\u2066c\u200f', 'abc'],
    ['tags', `a${String.fromCodePoint(0xe0041, 0xe0042, 0xe007f)}b`, 'ab'],
    ['hidden characters', 'a\u200bb\u2060c\u00ad\ufeffd', 'abcd'],
    ['runs of selectors', 'a\ufe0f\ufe0e\ufe0fb\u{e0101}', 'ab'],
    ['pictures of several characters', '👩‍💻 ❤️ ✌🏽', '👩‍💻 ❤️ ✌🏽'],
    ['letters that need a joiner', 'می‌خواهم', 'می‌خواهم'],
    ['half characters', 'a\ud800b', 'a\ufffdb'],
    ['tabs and lines', 'a\tb\n\nc', 'a\tb\n\nc'],
  ];
  for (const [name, given, text] of textCases) {
    it(`cleans ${name}`, async () => assert.equal((await read(textResult(given))).text, text));
  }

  it('has nothing in it that cannot be seen, whatever is sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), async (text) => {
        const shown = (await read(textResult(text))).text;
        assert.doesNotMatch(shown, /[^\P{Cc}\n\t]|\p{Bidi_Control}|[\u{e0000}-\u{e0fff}]|\p{Cs}/u);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps a long text in a file and shows its head and tail', async () => {
    const { text, spilled, summary } = await read(textResult(`HEAD${'line\n'.repeat(40_000)}TAIL`));
    assert.ok(text.length < resultTextLimit);
    assert.match(
      text,
      /^HEADline[\s\S]*\[110,008 characters left out here; the whole text is in \/kept\/output-1\.log, which read_file can read\][\s\S]*TAIL$/,
    );
    assert.equal(spilled[0]?.length, 200_008);
    assert.equal(summary, '40,001 lines');
  });

  it('counts all texts of one result together, and keeps its pictures', async () => {
    const image = { type: 'image', mediaType: 'image/png', data: png } as const;
    const half = { type: 'text', text: 'x'.repeat(60_000) } as const;
    const { content, spilled } = await read(resultOf(half, image, half));
    assert.deepEqual(
      content.map(({ type }) => type),
      ['text', 'image'],
    );
    assert.equal(spilled.length, 1);
    const fine = await read(resultOf({ type: 'text', text: 'x'.repeat(resultTextLimit) }));
    assert.equal(fine.spilled.length, 0);
  });

  it('says so where a long text cannot be kept', async () => {
    const spill = () => Promise.reject(new Error('the disk is full'));
    const output = await outputOf('x', textResult('x'.repeat(200_000)), { ...fakeFiles(), spill });
    assert.match(textOf(output.content), /the whole text could not be kept: the disk is full/);
  });

  it('shows pictures by what they are, and not by what they are called', async () => {
    const { content, summary } = await read(resultOf({ type: 'image', mediaType: 'image/jpeg', data: png }));
    assert.deepEqual(content, [{ type: 'image', mediaType: 'image/png', data: png }]);
    assert.equal(summary, '1 picture');
  });

  it('saves what is no picture that models take, and names the file', async () => {
    const bmp = base64('BM not really');
    const { text, saved, summary } = await read(
      resultOf({ type: 'image', mediaType: 'image/bmp', data: bmp }),
    );
    assert.equal(text, '[picture, image/bmp, 13 bytes](file:///kept/get_it.bmp), saved as /kept/get_it.bmp');
    assert.equal(Buffer.from(saved[0]?.bytes ?? []).toString(), 'BM not really');
    assert.equal(summary, '1 line');
  });

  it('saves pictures that are too large, have too many pixels, or are too many', async () => {
    const large = Buffer.concat([Buffer.from(png, 'base64'), Buffer.alloc(imageDataLimit)]).toString(
      'base64',
    );
    const wide = Buffer.from(png, 'base64');
    wide.writeUInt32BE(9_000, 16);
    const images = [large, wide.toString('base64'), ...Array.from({ length: 11 }, () => png)];
    const { content, saved } = await read(
      resultOf(...images.map((data): McpContent => ({ type: 'image', mediaType: 'image/png', data }))),
    );
    assert.equal(content.filter(({ type }) => type === 'image').length, 10);
    assert.equal(saved.length, 3);
  });

  it('saves sounds', async () => {
    const { text, saved } = await read(
      resultOf({ type: 'audio', mediaType: 'audio/wav', data: base64('RIFF') }),
    );
    assert.equal(text, '[sound, audio/wav, 4 bytes](file:///kept/get_it.wav), saved as /kept/get_it.wav');
    assert.deepEqual(
      saved.map(({ name }) => name),
      ['get_it.wav'],
    );
  });

  it('says so where a file cannot be saved, is no base64, or there are too many', async () => {
    const sound = { type: 'audio', mediaType: 'audio/wav', data: base64('x') } as const;
    const saveFile = () => Promise.reject(new Error('the disk is full'));
    const failed = await outputOf('x', resultOf(sound), { ...fakeFiles(), saveFile });
    assert.match(textOf(failed.content), /it could not be saved: the disk is full/);
    assert.match((await read(resultOf({ ...sound, data: '%%%' }))).text, /no base64/);
    const many = await read(resultOf(...Array.from({ length: 22 }, () => sound)));
    assert.equal(many.saved.length, 20);
    assert.match(many.text, /left out, since there are so many/);
  });

  const fileCases: [string, string | undefined, string][] = [
    ['file:///a/report.pdf?x=1', 'application/pdf', 'report.pdf'],
    ['demo://x/../../etc/passwd', undefined, 'passwd.bin'],
    ['demo://x/evil.command', 'application/octet-stream', 'evil.bin'],
    ['demo://x/evil.lnk', 'application/pdf; q=1', 'evil.pdf'],
    ['C:\\x\\nul.txt', 'text/plain', 'file.txt'],
    ['demo://x/', 'constructor', 'x.bin'],
    ['demo://x/…', 'IMAGE/BMP', 'file.bmp'],
    [`demo://${'y'.repeat(500)}`, undefined, `${'y'.repeat(60)}.bin`],
  ];
  for (const [uri, mediaType, name] of fileCases) {
    it(`calls the file of ${uri.slice(0, 40)} ${name}`, async () => {
      const type = mediaType === undefined ? {} : { mediaType };
      const { saved } = await read(resultOf({ type: 'resource', uri, data: base64('x'), ...type }));
      assert.equal(saved[0]?.name, name);
    });
  }

  it('shows the text of a resource with its address, between fences it cannot end', async () => {
    const text = 'a\n```\n# not ours';
    const { text: shown } = await read(
      resultOf({ type: 'resource', uri: 'demo://x\n# no', mediaType: 'application/json', text }),
    );
    assert.equal(shown, 'Resource demo://x # no (application/json):\n````json\na\n```\n# not ours\n````');
  });

  it('shows a picture in a resource as a picture', async () => {
    const { content } = await read(resultOf({ type: 'resource', uri: 'demo://p.png', data: png }));
    assert.deepEqual(
      content.map(({ type }) => type),
      ['image'],
    );
  });

  const linkCases: [string, string, string][] = [
    ['https://example.org/a b', 'Report [1]', '[Report  1  (https)](<https://example.org/a%20b>)'],
    ['demo://x', 'x', 'x (demo): `demo://x`'],
    ['javascript:alert(1)', 'click', 'click (javascript): `javascript:alert(1)`'],
    ['command:workbench.action.quit', 'x', 'x (command): `command:workbench.action.quit`'],
    ['http://a>)[b](http://c', 'x', 'x (http): `http://a>)[b](http://c`'],
    ['a`b', '', 'link (no scheme): `a%60b`'],
  ];
  for (const [uri, name, text] of linkCases) {
    it(`shows a link to ${uri} as ${text}`, async () => {
      assert.equal((await read(resultOf({ type: 'link', uri, name }))).text, text);
    });
  }

  it('shows what a link is', async () => {
    const link = {
      type: 'link',
      uri: 'demo://x',
      name: 'x',
      description: 'A\nfile',
      mediaType: 'text/plain',
    } as const;
    assert.equal((await read(resultOf(link))).text, 'x (demo): `demo://x` [text/plain] A file');
  });

  it('shows structured content where no text says the same', async () => {
    const structured = { temperature: 22.5, list: [1, null] };
    const alone = await read({ ...resultOf(), structured });
    assert.equal(alone.text, `\`\`\`json\n${JSON.stringify(structured, undefined, 2)}\n\`\`\``);
    const said = await read({
      ...textResult(JSON.stringify({ list: [1, null], temperature: 22.5 })),
      structured,
    });
    assert.equal(said.content.length, 1);
    const other = await read({ ...textResult('It is 22.5 °C.'), structured });
    assert.equal(other.content.length, 2);
  });

  it('tells what is wrong with structured content', async () => {
    const { text, isError } = await read({
      ...textResult('x'),
      structured: {},
      structuredProblem: 'no\u202e\ntemperature',
    });
    assert.match(text, /\[no\\u\{202E\} temperature\]/);
    assert.equal(isError, false);
  });

  it('says where there is nothing, and keeps that it failed', async () => {
    const empty = await read(resultOf());
    assert.deepEqual([empty.text, empty.summary], ['(The tool answered nothing.)', 'empty']);
    assert.equal((await read(textResult(' \n'))).summary, 'empty');
    const failed = await read({ ...textResult('no'), isError: true });
    assert.deepEqual([failed.text, failed.summary, failed.isError], ['no', 'error', true]);
    assert.equal((await read({ ...resultOf(), isError: true })).text, '(The tool failed and said nothing.)');
  });

  it('counts lines and pictures', async () => {
    const image = { type: 'image', mediaType: 'image/png', data: png } as const;
    const { summary } = await read(resultOf({ type: 'text', text: 'a\nb' }, image, image));
    assert.equal(summary, '2 lines, 2 pictures');
  });
});
