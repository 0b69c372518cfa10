/** A person reads what a server starts or connects to, whole, before it does. */
import type { McpConsent, McpPeople } from '../core/mcp.ts';
import { counted } from '../core/text.ts';
import type { McpSource } from '../shared/mcp.ts';
import type { KeptFacts } from './mcpConsentKept.ts';
import type { McpDocuments } from './mcpDocuments.ts';
import { askModal, noSignal, waitForReader } from './mcpPeopleAsk.ts';
import { called } from './mcpWords.ts';
import { visible } from './skillWords.ts';

export interface ConsentPorts {
  readonly documents: Pick<McpDocuments, 'show' | 'compare'>;
  readonly kept: KeptFacts;
  logError(error: unknown): void;
}

/** What a dialog holds: it does not scroll everywhere. */
const mostCharacters = 3_000;
const mostLines = 30;

const showWhole = 'Show It Whole';
const showDifference = 'Show What Has Changed';

const isAddress = ({ facts }: McpConsent): boolean => facts.some((fact) => fact.startsWith('Address: '));

const meaningOf = (consent: McpConsent): string =>
  isAddress(consent)
    ? 'It connects to this address, and tells it what agents give to its tools.'
    : 'It starts this program on your computer, outside of the sandbox. It can do there whatever you can.';

const placeOf = ({ place, label, file }: McpSource): string =>
  place === 'user'
    ? `You have configured it in ${visible(file)}.`
    : `It comes from ${visible(label)} of the open folder (${visible(file)}). Whoever can change that folder can have written it.`;

const changeOf = (consent: McpConsent): string =>
  `Its ${isAddress(consent) ? 'address, or what is sent there,' : 'command, or what it is given,'} has changed since you approved it.`;

const warningsOf = ({ warnings }: McpConsent): readonly string[] =>
  warnings.length === 0 ? [] : [['Look twice:', ...warnings.map((each) => `- ${visible(each)}`)].join('\n')];

/** The paragraphs of the question. Pure. */
export const consentText = (source: McpSource, consent: McpConsent, hasChanged: boolean): string =>
  [
    ...(hasChanged ? [changeOf(consent)] : []),
    meaningOf(consent),
    consent.facts.map(visible).join('\n'),
    ...warningsOf(consent),
    placeOf(source),
  ].join('\n\n');

const shortText = (source: McpSource, consent: McpConsent, hasChanged: boolean): string =>
  [
    ...(hasChanged ? [changeOf(consent)] : []),
    meaningOf(consent),
    `There is more to read than a dialog can show (${counted(consent.facts.join('\n').length, 'character')}): choose ${showWhole}.`,
    ...(consent.warnings.length === 0
      ? []
      : [`${counted(consent.warnings.length, 'reason')} to look twice: listed there.`]),
    placeOf(source),
  ].join('\n\n');

export const createConsent =
  (ports: ConsentPorts): McpPeople['approveServer'] =>
  async (name, source, consent, hasChanged) => {
    const { documents, kept } = ports;
    const shown = called(name);
    const approve = isAddress(consent) ? 'Connect' : 'Start It';
    const title = `${isAddress(consent) ? 'Connect to' : 'Start'} the MCP server ${shown}?`;
    const text = consentText(source, consent, hasChanged);
    const isShort = text.length <= mostCharacters && text.split('\n').length <= mostLines;
    const before = hasChanged ? kept.get(name, source) : undefined;
    const now = kept.comparable(consent.facts);
    const difference =
      before === undefined || before.join('\n') === now.join('\n') ? undefined : before.join('\n');
    let wasShown = false;
    for (;;) {
      const answer = await askModal(
        title,
        isShort ? text : shortText(source, consent, hasChanged),
        // Enter presses the first one, and may have been meant for the editor: it starts nothing.
        [
          showWhole,
          ...(difference === undefined ? [] : [showDifference]),
          // Nobody approves what they have not seen.
          ...(isShort || wasShown ? [approve] : []),
        ],
      );
      if (answer === approve) {
        // Only for comparing later.
        await kept.set(name, source, consent.facts).catch(ports.logError);
        return true;
      }
      if (answer !== showWhole && answer !== showDifference) return false;
      const wantsToDecide = await waitForReader(title, noSignal, () =>
        answer === showWhole
          ? documents.show(`MCP server ${shown}`, `${text}\n`)
          : documents.compare(`MCP server ${shown}: approved ↔ now`, [
              { name: `MCP server ${shown}`, before: `${difference}\n`, after: `${now.join('\n')}\n` },
            ]),
      );
      if (!wantsToDecide) return false;
      wasShown ||= answer === showWhole;
    }
  };
