import assert from 'node:assert/strict';
import { mayUseTool } from '../../extension/shared/agent.ts';

describe('the tools of an agent', () => {
  it('are all of them, or those that it names', () => {
    assert.equal(mayUseTool({ tools: 'all' }, 'run_skill'), true);
    assert.equal(mayUseTool({ tools: ['read_file'] }, 'run_skill'), false);
    assert.equal(mayUseTool({ tools: ['run_skill'] }, 'run_skill'), true);
  });
});
