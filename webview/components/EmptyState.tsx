import type { ComponentChildren } from 'preact';
import type { Surroundings } from '../../extension/shared/protocol.ts';
import { composeText } from '../compose.ts';
import { useAct, useView } from '../view.ts';
import { askingTexts } from '../words.ts';
import { Button } from './Button.tsx';
import { Icon } from './Icon.tsx';

/** What there is instead of a chat, why, and at most two buttons. */
export const Explanation = ({
  icon,
  text,
  children,
}: {
  icon: string;
  text: string;
  children?: ComponentChildren;
}) => (
  <div class="empty-part">
    <Icon name={icon} />
    <div>
      <p>{text}</p>
      {children !== undefined && <div class="empty-buttons">{children}</div>}
    </div>
  </div>
);

const Suggestions = ({ suggestions }: { suggestions: readonly string[] }) => {
  const { update } = useView();
  return (
    <ul class="suggestions" aria-label="Things to try">
      {suggestions.map((text) => (
        <li key={text}>
          <button
            type="button"
            class="suggestion"
            data-test="suggestion"
            onClick={() =>
              update((state) => composeText({ ...state, draft: { ...state.draft, text: '' } }, text))
            }
          >
            {text}
          </button>
        </li>
      ))}
    </ul>
  );
};

/** A chat without messages: the one thing that is missing, or things to try. */
export const EmptyState = ({ surroundings }: { surroundings: Surroundings }) => {
  const act = useAct();
  const { agentName, folderName, hasKey, isDemo, isTrusted, mode, providerName, suggestions } = surroundings;
  const changeModel = (
    <Button label="Change model" test="act-changeModel" onPress={() => act('changeModel')} />
  );
  const setKey = <Button primary label="Set API key" test="act-setKey" onPress={() => act('setKey')} />;
  if (!isTrusted) {
    return (
      <div class="empty" data-test="empty" data-state="untrusted">
        <Explanation
          icon="workspace-untrusted"
          text="This folder is in Restricted Mode, so the agent may not read, change or run anything here. Trust the folder to go on."
        >
          <Button primary label="Manage trust" test="act-manageTrust" onPress={() => act('manageTrust')} />
        </Explanation>
      </div>
    );
  }
  if (!hasKey) {
    return (
      <div class="empty" data-test="empty" data-state="no-key">
        <Explanation
          icon="key"
          text={`${providerName} needs an API key before the agent can answer. The key stays in VS Code's secret storage.`}
        >
          {setKey}
          {changeModel}
        </Explanation>
      </div>
    );
  }
  const about =
    folderName === undefined
      ? 'Open a folder to give the agent files to work on. Without one you can still ask questions.'
      : `Ask ${agentName} to explain, change or run something in ${folderName}. ${askingTexts[mode]}`;
  return (
    <div class="empty" data-test="empty" data-state={folderName === undefined ? 'no-folder' : 'new'}>
      {folderName === undefined ? (
        <Explanation icon="folder-opened" text={about}>
          <Button primary label="Open folder" test="act-openFolder" onPress={() => act('openFolder')} />
        </Explanation>
      ) : (
        <Explanation icon="comment-discussion" text={about} />
      )}
      {isDemo && (
        <Explanation
          icon="info"
          text="The answers come from a script, not from a model, so that you can try how this works. Set a key to use a real model."
        >
          {setKey}
          {changeModel}
        </Explanation>
      )}
      {suggestions.length > 0 && <Suggestions suggestions={suggestions} />}
    </div>
  );
};
