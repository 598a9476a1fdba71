// Everything the page says, in both languages. {x} is filled in.

export const LANGUAGES = ["zh", "en"];

export const WORDS = {
  "title": ["说说话", "Talk"],
  "language.other": ["English", "中文"],
  "leave": ["离开", "Leave"],
  "disclosure": ["这是 AI，不是真人。", "This is an AI, not a person."],

  "welcome.title": ["想说什么都可以", "Say whatever you like"],
  "welcome.lead": [
    "对着它说话，它听你说了什么，也听你是怎么说的。",
    "Speak, and it listens to what you say, and to how you say it.",
  ],
  "welcome.token": ["口令", "Token"],
  "welcome.how": ["在服务器上运行这条命令就能拿到：", "Get one where the server is:"],
  "welcome.kept": ["口令只留在这个标签页里，关掉就没了。", "It stays in this tab only, and is gone when you close it."],
  "welcome.go": ["开始", "Begin"],
  "welcome.bad": ["这不像一个口令，请重新粘贴。", "This does not look like a token. Paste it again."],

  "state.connecting": ["正在连接", "Connecting"],
  "state.open": ["已连接", "Connected"],
  "state.waiting": ["断开了，{seconds} 秒后重连", "Lost it; again in {seconds} s"],
  "state.refused": ["没有连上", "Refused"],
  "state.superseded": ["已在别处打开", "Open elsewhere"],
  "state.closed": ["未连接", "Not connected"],
  "state.refused.why": ["服务器没有收下这个口令：{message}", "The server did not take this token: {message}"],
  "state.superseded.why": [
    "你在别的地方打开了谈话。想在这里说，请重新载入页面。",
    "You are talking somewhere else. Reload the page to talk here.",
  ],

  "talk.empty": ["按住下面的按钮说话，或者写下来。", "Hold the button below and speak, or write."],
  "talk.log": ["对话", "Conversation"],
  "talk.you": ["你", "You"],
  "talk.companion": ["陪伴者", "Companion"],
  "talk.hearing": ["在听……", "Listening …"],
  "talk.reading": ["在认字……", "Writing it down …"],
  "talk.nothing": ["没有听清，再说一次好吗？", "I did not catch that. Once more?"],
  "talk.failed": ["这句没认出来，录音已经收好了。", "This could not be written down; the recording is kept."],
  "talk.thinking": ["在想", "Thinking"],
  "talk.stopped": ["停在这里", "stopped here"],
  "talk.broken": ["没有说完", "not finished"],

  "press.hold": ["按住说话", "Hold to talk"],
  "press.end": ["松开发送", "Let go to send"],
  "press.latched": ["再按一下发送", "Press again to send"],
  "press.free": ["直接说，停下来我就回应", "Just speak; I answer when you pause"],
  "press.opening": ["正在打开麦克风", "Opening the microphone"],
  "press.short": ["太短了，多按一会儿。", "That was too short. Hold it a little longer."],
  "press.keys": ["空格 说话 · Esc 停下回应", "Space to talk · Esc stops the reply"],
  "free": ["免按", "Hands-free"],
  "stop": ["停下回应", "Stop the reply"],
  "level": ["音量", "Level"],
  "write": ["写下来", "Write a message"],
  "write.send": ["发送", "Send"],

  "mic.NotAllowedError": [
    "浏览器没有让用麦克风。请在地址栏的权限里打开它，或者写下来。",
    "The browser does not allow the microphone. Allow it beside the address, or write.",
  ],
  "mic.NotFoundError": ["没有找到麦克风。也可以写下来。", "No microphone was found. You can write instead."],
  "mic.SecurityError": [
    "只有 https 或本机地址才能用麦克风。也可以写下来。",
    "The microphone works on https or on localhost only. You can write instead.",
  ],
  "mic.ended": ["麦克风断开了。", "The microphone went away."],
  "mic.other": ["麦克风打不开。也可以写下来。", "The microphone does not open. You can write instead."],

  "reply.like": ["喜欢这句", "I like this reply"],
  "reply.dislike": ["不喜欢这句", "I do not like this reply"],
  "memory.used": ["想起", "Recalled"],
  "memory.saved": ["记下", "Noted"],
  "memory.past": ["以前", "earlier"],
  "kind.profile": ["你", "you"],
  "kind.relationship": ["身边的人", "people"],
  "kind.preference": ["喜好", "liking"],
  "kind.event": ["经历", "event"],
  "kind.worry": ["心事", "worry"],
  "kind.promise": ["打算", "plan"],
  "kind.companion": ["约定", "between us"],

  "affect.title": ["话语和声音", "Words and voice"],
  "affect.words": ["话语", "Words"],
  "affect.voice": ["声音", "Voice"],
  "affect.words.high": ["轻快", "bright"],
  "affect.words.low": ["沉重", "heavy"],
  "affect.voice.high": ["激动", "stirred"],
  "affect.voice.low": ["低缓", "subdued"],
  "affect.note": [
    "色带越宽越没把握，断开是听不出来，不等于平静。",
    "The wider the band, the less sure. A gap is unknown, which is not neutral.",
  ],
  "affect.apart": ["◆ 话语和声音不一样的地方", "◆ where words and voice differ"],
  "affect.none": ["说几句之后，这里会画出来。", "After a few words this is drawn here."],
  "affect.explained": ["怎么看", "How to read this"],
  "affect.turn": ["第几句", "Turn"],
  "affect.unknown": ["不知道", "unknown"],
  "affect.unsure": ["没把握", "unsure"],
  "affect.chart": [
    "最近 {count} 句的两条曲线。最近一句：话语{words}，声音{voice}。",
    "Two curves over the last {count} turns. The latest: words {words}, voice {voice}.",
  ],
  "words.up": ["偏轻快", "rather bright"],
  "words.down": ["偏沉重", "rather heavy"],
  "words.level": ["不轻不重", "even"],
  "words.unknown": ["听不出", "cannot tell"],
  "voice.up": ["比平时激动", "more stirred than usual"],
  "voice.down": ["比平时低缓", "more subdued than usual"],
  "voice.level": ["和平时差不多", "much as usual"],
  "voice.up.stranger": ["比一般人激动", "more stirred than most"],
  "voice.down.stranger": ["比一般人低缓", "more subdued than most"],
  "voice.level.stranger": ["和一般人差不多", "much like most"],
  "voice.unknown": ["听不出", "cannot tell"],
  "voice.none": ["这句是写的", "written"],
  "apart.masked_distress": ["声音好像比话语更沉。", "The voice seems lower than the words."],
  "apart.sarcasm": ["话是好话，声音好像不是。", "Bright words; the voice seems not to be."],
  "apart.calm_venting": ["话很沉，声音好像很平静。", "Heavy words in what seems a calm voice."],
  "apart.tough_words": ["话很硬，声音好像很轻。", "Hard words in what seems a quiet voice."],
  "apart.nervous_laughter": ["话很沉，却好像带着笑。", "Heavy words, and what seems a laugh."],
  "apart.agitated_neutral": ["话很平常，声音好像更激动。", "Plain words; the voice seems more stirred."],
  "apart.other": ["话语和声音好像不一样。", "Words and voice seem to differ."],

  "trajectory": ["这一阵子{state}", "Lately: {state}"],
  "trajectory.unknown": ["还看不出来", "too early to tell"],
  "trajectory.steady": ["平稳", "steady"],
  "trajectory.rising": ["在往上走", "going up"],
  "trajectory.falling": ["在往下走", "going down"],
  "trajectory.low": ["一直偏低", "low for a while"],
  "trajectory.volatile": ["起起伏伏", "up and down"],
  "trajectory.recovering": ["在慢慢缓过来", "finding its way back"],

  "safety.title": ["有人可以帮你", "There are people who can help"],
  "notice.ai_disclosure": ["提醒一下：这是 AI，不是真人。", "A reminder: this is an AI, not a person."],
  "notice.break_reminder": ["聊了好一会儿了，要不要歇一歇？", "We have talked for a while. Would a break do you good?"],
  "notice.degraded": ["现在有一部分功能用不了，谈话照常。", "A part of this does not work at the moment; the talk goes on."],
  "notice.waiting": ["现在人多，正在排队。", "Many people are here; you are in the queue."],
  "notice.overloaded": ["现在人太多了，稍后会自动再试。", "Too many people are here; this tries again soon."],
  "notice.draining": ["服务器要重启，会自动接回来。", "The server restarts; this comes back by itself."],
  "notice.taken_over": ["服务器换了一台，谈话接着来。", "Another server goes on with this talk."],
  "notice.token_expiring": ["口令快要过期了。", "The token expires soon."],
  "notice.superseded": ["这段谈话在别的地方打开了。", "This talk was opened somewhere else."],
  "notice.takeover_started": ["一位真人咨询师加入了谈话。", "A human counsellor has joined."],
  "notice.takeover_ended": ["咨询师离开了，现在是 AI 在回应。", "The counsellor has left; the AI answers again."],
  "notice.other": ["服务器的通知：{message}", "From the server: {message}"],
  "error": ["出了点问题：{message}", "Something went wrong: {message}"],
  "close": ["关上", "Dismiss"],
};

let language = LANGUAGES[0];

/** The language of the page: "zh" or "en". */
export const spoken = () => language;

/** A sentence in the page's language; of a name that is not known, null. */
export function word(name, values = {}) {
  if (!Object.hasOwn(WORDS, name)) return null;
  return WORDS[name][LANGUAGES.indexOf(language)].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

/** Let a node say a sentence, now and after the language changes. where: "text", or an attribute. */
export function say(node, name, values = {}, where = "text") {
  const said = JSON.parse(node.dataset.words ?? "{}");
  node.dataset.words = JSON.stringify({ ...said, [where]: [name, values] });
  put(node, where, name, values);
  return node;
}

/** Let a node say nothing of this kind any more. */
export function hush(node) {
  delete node.dataset.words;
  node.textContent = "";
}

/** Change the language of everything below root. */
export function speak(next, root = document) {
  language = next;
  root.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  root.title = word("title");
  for (const node of root.querySelectorAll("[data-words]")) {
    for (const [where, [name, values]] of Object.entries(JSON.parse(node.dataset.words))) put(node, where, name, values);
  }
}

function put(node, where, name, values) {
  const named = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, word(value) ?? value]));
  const text = word(name, named) ?? name;
  if (where === "text") node.textContent = text;
  else node.setAttribute(where, text);
}
