/** The MCP servers of a window: what there is of them, put together. */

import { createManagerBase } from './managerBase.ts';
import { createDecisions } from './managerDecisions.ts';
import { createOffers } from './managerOffers.ts';
import type { McpManager, McpManagerPorts } from './managerPorts.ts';
import { createManagerTools } from './managerTools.ts';
import { createServerViews } from './managerViews.ts';

/** Starts nothing by itself. */
export const createMcpServers = (ports: McpManagerPorts): McpManager => {
  const base = createManagerBase(ports);
  const { isSignedIn, ...decisions } = createDecisions(base);
  return {
    list: createServerViews(base, isSignedIn),
    onChange: base.onChange,
    ...decisions,
    ...createManagerTools(base),
    ...createOffers(base),
    windowChanged: base.worldChanged,
    close: base.close,
  };
};
