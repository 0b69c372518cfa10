import type { AttachedChip } from '../../extension/shared/protocol.ts';
import type { SkillChoice } from '../../extension/shared/skill.ts';
import { removeAttached } from '../attaching.ts';
import type { Draft } from '../draft.ts';
import { dataUrl } from '../images.ts';
import { chooseSkill, declineSkill, type SkillChip, skillChips } from '../skills.ts';
import type { ViewState } from '../state.ts';
import { useView } from '../view.ts';
import { Icon } from './Icon.tsx';
import { IconButton } from './IconButton.tsx';

/** A skill that goes with the message, or could. */
const Skill = ({ chip }: { chip: SkillChip }) => {
  const { update } = useView();
  const { id, reason, isAttached } = chip;
  const title = isAttached
    ? `The agent is to use the skill ${id} (${reason})`
    : `Nobody has reviewed the skill ${id} (${reason}). Use it all the same`;
  return (
    <li
      class={`chip skill${isAttached ? '' : ' suggested'}`}
      data-test="skill-chip"
      data-skill={id}
      data-attached={isAttached}
      title={title}
    >
      <Icon name="extensions" />
      {isAttached ? (
        <span>Skill: {id}</span>
      ) : (
        <button
          type="button"
          class="text-button"
          data-test="use-skill"
          onClick={() => update((state) => chooseSkill(state, id))}
        >
          Use skill {id}?
        </button>
      )}
      <span class="chip-reason">{reason}</span>
      <IconButton
        icon="close"
        label={`Do not use the skill ${id}`}
        test="decline-skill"
        onPress={() => update((state) => declineSkill(state, id))}
      />
    </li>
  );
};

/** A resource or prompt of an MCP server; its words can be read before they are sent. */
const Attached = ({ chip }: { chip: AttachedChip }) => {
  const { update, post, current } = useView();
  const { id, label, server, uri, images } = chip;
  return (
    <li class="chip attached" data-test="attached-chip" title={`${uri} of the MCP server ${server}`}>
      <Icon name={chip.kind === 'prompt' ? 'comment' : 'file-symlink-file'} />
      <button
        type="button"
        class="text-button"
        data-test="open-attached"
        onClick={() => {
          const itemId = current().editing?.itemId;
          post({ type: 'openAttached', id, ...(itemId === undefined ? {} : { itemId }) });
        }}
      >
        {label}
      </button>
      <span class="chip-reason">
        {server}
        {images > 0 && `, ${images === 1 ? '1 picture' : `${images} pictures`}`}
      </span>
      <IconButton
        icon="close"
        label={`Remove ${label}`}
        test="remove-attached"
        onPress={() => update((state) => removeAttached(state, id))}
      />
    </li>
  );
};

/** What goes along with the message. */
export const Chips = ({
  draft,
  choices,
  attaching,
}: {
  draft: Draft;
  choices: readonly SkillChoice[];
  attaching: ViewState['attaching'];
}) => {
  const { update } = useView();
  const { images, attached = [] } = draft;
  const remove = (id: string) =>
    update((state) => ({
      ...state,
      draft: { ...state.draft, images: state.draft.images.filter((image) => image.id !== id) },
      focusCount: state.focusCount + 1,
    }));
  const skills = skillChips(draft, choices);
  return (
    <>
      {skills.length > 0 && (
        <ul class="chips" aria-label="Skills for this message">
          {skills.map((chip) => (
            <Skill key={chip.id} chip={chip} />
          ))}
        </ul>
      )}
      {attached.length + attaching.length > 0 && (
        <ul class="chips" aria-label="Attached from MCP servers">
          {attached.map((chip) => (
            <Attached key={chip.id} chip={chip} />
          ))}
          {attaching.map(({ requestId, label }) => (
            <li key={requestId} class="chip" data-test="attaching-chip">
              <Icon name="loading" spin />
              <span>
                <span class="visually-hidden">Reading </span>
                {label}
              </span>
              <IconButton
                icon="close"
                label={`Do not attach ${label}`}
                onPress={() => update((state) => removeAttached(state, requestId))}
              />
            </li>
          ))}
        </ul>
      )}
      {images.length > 0 && (
        <ul class="chips" aria-label="Attached pictures">
          {images.map((image) => (
            <li key={image.id} class="chip" data-test="chip" title={image.name}>
              <img src={dataUrl(image)} alt="" />
              <span>{image.name}</span>
              <IconButton icon="close" label={`Remove ${image.name}`} onPress={() => remove(image.id)} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
};
