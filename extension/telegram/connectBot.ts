/** The parts of one bot while this window has its lease: the link, what sends, and what does the work. */
import { type BotService, createBotService } from './botService.ts';
import type { BotContext } from './context.ts';
import { createCourier } from './courier.ts';
import { createLink, type LinkOptions } from './link.ts';
import type { Connected } from './runningBot.ts';

type ServicePorts = Parameters<typeof createBotService>[1];

export const connectBot = (
  ports: Omit<LinkOptions, 'apiRoot' | 'setTimer' | 'random'> & {
    /** Absent: Telegram's own. */
    readonly apiRoot: string | undefined;
    redact(text: string): string;
    context(courier: BotContext['courier']): BotContext;
    readonly service: ServicePorts;
  },
): Connected => {
  const { apiRoot, redact, context, service: servicePorts, ...options } = ports;
  const root = apiRoot === undefined ? {} : { apiRoot };
  const link = createLink({ ...options, ...root });
  const { token, now, log } = options;
  const courier = createCourier({ api: () => link.api, token, ...root, redact, now, log });
  const service: BotService = createBotService(context(courier), servicePorts);
  return { link, service };
};
