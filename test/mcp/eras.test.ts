import assert from 'node:assert/strict';
import { attemptsFor } from '../../extension/mcp/eras.ts';
import type { McpConnectRequest } from '../../extension/mcp/types.ts';
import { http, stdio } from './connectionRig.ts';

const day = 24 * 60 * 60_000;
const now = 100 * day;

describe('MCP eras', () => {
  const process = stdio({ command: 'x', args: [] });
  const remote = http('https://example.org/mcp');
  const cases: readonly (readonly [
    string,
    Pick<McpConnectRequest, 'transport' | 'protocol' | 'prior'>,
    string,
  ])[] = [
    ['a process', { transport: process, protocol: '2025' }, 'stdio legacy'],
    ['a process that is asked', { transport: process, protocol: 'auto' }, 'stdio auto, stdio legacy'],
    [
      'a process that was asked lately',
      { transport: process, protocol: 'auto', prior: { kind: 'legacy', at: now - 6 * day } },
      'stdio legacy, stdio auto',
    ],
    [
      'a process that was asked long ago',
      { transport: process, protocol: 'auto', prior: { kind: 'legacy', at: now - 8 * day } },
      'stdio auto, stdio legacy',
    ],
    [
      'a process that was new',
      { transport: process, protocol: 'auto', prior: { kind: 'modern', at: now } },
      'stdio auto, stdio legacy',
    ],
    ['an address', { transport: remote, protocol: 'auto' }, 'http auto, sse legacy'],
    ['an address of 2025', { transport: remote, protocol: '2025' }, 'http legacy, sse legacy'],
    [
      'an address that was asked lately',
      { transport: remote, protocol: 'auto', prior: { kind: 'legacy', at: now } },
      'http legacy, http auto, sse legacy',
    ],
    [
      'an address asked by a clock that was ahead',
      { transport: remote, protocol: 'auto', prior: { kind: 'legacy', at: now + day } },
      'http auto, sse legacy',
    ],
    ['SSE', { transport: { ...remote, type: 'sse', url: 'x', headers: {} }, protocol: 'auto' }, 'sse legacy'],
  ];
  for (const [what, request, expected] of cases) {
    it(`${what}: ${expected}`, () => {
      const attempts = attemptsFor(request, now).map(({ kind, mode }) => `${kind} ${mode}`);
      assert.equal(attempts.join(', '), expected);
    });
  }
});
