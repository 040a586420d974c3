// The admin page: reads /api/status every few seconds and draws it. Everything that certificates, clients and files
// brought along goes in as text, never as HTML.
"use strict";

const REFRESH_MS = 5000;
const MAX_WAIT_MS = 20000; // for an answer
const HOLD_MS = 60000; // for text that is selected
const FOLD_ABOVE = 6; // sites: with more of them, those that need nobody are folded up
const RECENT = 15; // lines of the fix log
const MAX_SITES = 2000; // drawn; beyond it the filter and /api/status help
const SOON_DAYS = 30;
const ICONS = {good: "✓", mended: "⚭", waiting: "…", attention: "!", broken: "✕", reported: "!", partial: "!",
	up: "✓", down: "✕", unknown: "…", fixed: "⚭", warning: "!", error: "✕", info: "i"};
const WORDS = {reported: "not applied", partial: "partly trusted", fixed: "fixed"};

const byId = (id) => document.getElementById(id);

// Control characters and those that turn the direction of writing: a name reads as it stands in the certificate.
const HARMFUL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const clean = (text) => String(text).replace(HARMFUL, "\ufffd");

// make("p", {class: "x"}, "text", node, null ...): children that are not nodes become text.
function make(name, attributes, ...children) {
	const node = document.createElement(name);
	for (const [key, value] of Object.entries(attributes || {}))
		node.setAttribute(key, clean(value));
	for (const child of children.flat())
		if (child !== null && child !== undefined)
			node.append(child instanceof Node ? child : clean(child));
	return node;
}

// Words in which `this` is a command or a key.
function prose(text) {
	const parts = String(text || "").split("`");
	return parts.length % 2 === 0 ? [text] : parts.map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

function shape(name, attributes, ...children) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", name);
	for (const [key, value] of Object.entries(attributes))
		node.setAttribute(key, value);
	node.append(...children);
	return node;
}

const number = (count) => Number(count).toLocaleString("en-US");
const plural = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;
const sum = (list) => list.reduce((total, one) => total + one, 0);

function bytes(count) {
	const units = ["B", "kB", "MB", "GB", "TB"];
	let unit = 0;
	for (; count >= 1000 && unit < units.length - 1; unit++)
		count /= 1000;
	return `${count.toFixed(unit > 0 && count < 10 ? 1 : 0)} ${units[unit]}`;
}

function age(ms) {
	const minutes = Math.floor(ms / 60000);
	if (minutes < 1)
		return "less than a minute";
	if (minutes < 120)
		return plural(minutes, "minute");
	return minutes < 2880 ? plural(Math.floor(minutes / 60), "hour") : plural(Math.floor(minutes / 1440), "day");
}

const clock = (time) => `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
const moment = (time) => make("time", {datetime: time}, clock(time));

function state(word, what) {
	return make("span", {class: `state ${word}`}, make("span", {"aria-hidden": "true"}, ICONS[word] || "…"),
		what || WORDS[word] || word);
}

// RFC 4514 2.4: pairs of digits are bytes of UTF-8, another character stands for itself.
function unescaped(value) {
	return value.replace(/(?:\\[0-9a-f]{2})+|\\./gi, (found) => {
		try {
			return found.length === 2 ? found[1] : decodeURIComponent(found.replaceAll("\\", "%"));
		} catch (error) {
			return found; // bytes that are no UTF-8
		}
	});
}

// The common name of an RFC 4514 name, or the whole of it.
function shortName(name) {
	const found = /(?:^|,)CN=((?:\\.|[^,\\])*)/.exec(name);
	return found ? unescaped(found[1]) : name || "(no name)";
}

function expiry(certificate, now) {
	const days = Math.floor((Date.parse(certificate.not_after) - now) / 86400000);
	const day = certificate.not_after.slice(0, 10);
	if (days < 0)
		return make("p", {class: "over"}, `expired ${day}, ${plural(-days, "day")} ago`);
	const left = days > 730 ? plural(Math.floor(days / 365), "year") : plural(days, "day");
	return make("p", {class: days < SOON_DAYS ? "soon" : "quiet"}, `expires ${day}, in ${left}`);
}

function certificateBox(certificate, now, kind) {
	const tags = {added: make("span", {class: "tag added"}, "+ added"),
		"left-out": make("span", {class: "tag"}, "left out"), root: make("span", {class: "tag"}, "root, not sent")};
	const source = kind === "root" ? null : make("span", {class: "tag"}, `from ${certificate.source}`);
	return make("li", {class: `link ${kind}`, title: certificate.subject},
		make("div", {class: "row"}, make("span", {class: "name"}, shortName(certificate.subject)),
			tags[kind] || source),
		make("p", {class: "quiet"}, `issued by ${shortName(certificate.issuer)}`),
		expiry(certificate, now));
}

function chainColumn(title, verdict, boxes) {
	return make("div", {class: "chain"},
		make("div", {class: "chain-head"}, make("h4", {}, title), make("p", {class: verdict.kind}, verdict.words)),
		make("ol", {}, boxes));
}

// What the trust stores make of a chain.
function verdictOf(chain, form) {
	if (chain.stores.length === 0)
		return {kind: "quiet", words: "… not judged yet"};
	if (chain[form])
		return {kind: "yes", words: "✓ accepted by every store"};
	const some = chain.stores.some((store) => store[form]);
	return {kind: "no", words: some ? "✕ not by every store" : "✕ accepted by no store"};
}

// The first certificate of the mended chain that is not served, or, where it is not known, the name that the last one gives.
function missingIssuer(chain) {
	const added = chain.mended.find((one) => one.added);
	return shortName(added ? added.subject : chain.served[chain.served.length - 1].issuer);
}

// Whether what is served ends before an issuer that clients need.
function lacksIssuer(chain) {
	const last = chain.served[chain.served.length - 1];
	return !chain.served_trusted && (chain.mended.some((one) => one.added) ||
		(chain.anchor === null && chain.stores.length > 0 && last !== undefined && last.issuer !== last.subject));
}

function chainPair(chain, given, now) {
	const served = chain.served.map((one) => certificateBox(one, now, one.left_out ? "left-out" : ""));
	const mended = chain.mended.map((one) => certificateBox(one, now, one.added ? "added" : ""));
	if (lacksIssuer(chain))
		served.push(make("li", {class: "link gap"}, `missing here: ${missingIssuer(chain)}`));
	if (chain.anchor)
		mended.push(certificateBox(chain.anchor, now, "root"));
	const titles = {mended: "What chainmend sends", served: "What chainmend would send",
		former: "What it would send; the former chain goes out"};
	return make("div", {class: "chains"}, chainColumn(given, verdictOf(chain, "served_trusted"), served),
		chainColumn(chain.state === "good" ? titles.mended : titles[chain.goes_out],
			verdictOf(chain, "mended_trusted"), mended));
}

function block(title, ...content) {
	return make("section", {class: "block"}, make("h4", {}, title), ...content);
}

function storeList(chain) {
	const verdict = (trusted) => (trusted ? "accepts" : "refuses");
	return make("ul", {class: "list"}, chain.stores.map((store) => make("li", {},
		make("span", {class: `mark ${store.mended_trusted ? "yes" : "no"}`, "aria-hidden": "true"},
			store.mended_trusted ? "✓" : "✕"),
		make("span", {}, make("b", {}, store.name),
			store.served_trusted === store.mended_trusted
				? ` ${verdict(store.mended_trusted)} it, given or mended`
				: ` ${verdict(store.served_trusted)} what is given, ${verdict(store.mended_trusted)} the mended chain`))));
}

function nameList(chain) {
	return make("ul", {class: "list"}, chain.names.map((name) => make("li", {},
		make("span", {class: `mark ${name.covered ? "yes" : "no"}`, "aria-hidden": "true"}, name.covered ? "✓" : "✕"),
		make("span", {}, make("b", {}, name.name), ` ${name.covered ? "" : "not covered: "}${name.why}`))));
}

function chainBlocks(site, chain, index, now) {
	const heading = site.chains.length > 1 ? `Chain ${index + 1} of ${site.chains.length}` : "Chain";
	const given = site.certificate_is_backend ? "What the server gives" : "What the file gives";
	return [block(heading, chainPair(chain, given, now)),
		make("div", {class: "pair"},
			chain.stores.length > 0 ? block("Who accepts it", storeList(chain)) : null,
			chain.names.length > 0 ? block("Names", nameList(chain)) : null)];
}

function findingBox(finding) {
	return make("li", {class: "finding"},
		make("div", {class: "row"}, state(finding.severity), make("code", {}, finding.code),
			make("span", {class: "quiet"}, `about the ${finding.subject_of} · since `), moment(finding.since)),
		make("p", {}, prose(finding.message)),
		finding.advice ? make("div", {class: "advice"}, make("b", {}, "What to do"), prose(finding.advice)) : null);
}

function findingBlock(site) {
	const order = ["error", "warning", "fixed", "info"];
	const sorted = [...site.findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
	if (sorted.length === 0)
		return block("Findings", make("p", {class: "quiet"}, "Nothing is wrong."));
	const infos = sorted.filter((finding) => finding.severity === "info");
	const rest = sorted.filter((finding) => finding.severity !== "info");
	return block("Findings",
		rest.length > 0 ? make("ul", {class: "stack"}, rest.map(findingBox)) : null,
		infos.length > 0 ? make("details", {}, make("summary", {}, `${plural(infos.length, "note")} that ${infos.length === 1 ? "hurts" : "hurt"} nobody`),
			make("ul", {class: "stack"}, infos.map(findingBox))) : null,
		site.findings_left_out > 0 ? make("p", {class: "quiet"}, `${number(site.findings_left_out)} more are in the fix log.`) : null);
}

function backendBlock(site) {
	const cell = (text) => make("td", {class: "number"}, text === undefined ? "–" : number(text));
	return block(site.backends.length === 1 ? "Backend" : "Backends", make("table", {},
		make("thead", {}, make("tr", {}, make("th", {scope: "col"}, "Address"), make("th", {scope: "col"}, "State"),
			make("th", {scope: "col", class: "number"}, "Connects"), make("th", {scope: "col", class: "number"}, "Failures"))),
		make("tbody", {}, site.backends.map((one) => make("tr", {},
			make("td", {}, `${one.tls ? "tls" : "tcp"}://${one.address}`,
				one.serves ? make("span", {class: "quiet wide"}, ` serves ${shortName(one.serves)}`) : null),
			make("td", {}, state(one.state)), cell(one.connects), cell(one.failures))))));
}

// The chain that goes out, and the one before it; where that was put back, the one that was withdrawn.
function rejectionWords(one) {
	const side = (record) => `${number(record.rejected)} of ${plural(record.handshakes, "handshake")} rejected`;
	const silent = one.present.suspected > 0
		? `; ${number(one.present.suspected)} more closed without a reason, as scanners do` : "";
	const former = one.former && one.former.handshakes > 0 ? one.former : null;
	if (one.verdict === "rolled_back")
		return ["the chain that went out from ", moment(one.former.since), ` was withdrawn: ${side(one.former)}; `,
			`with the one before it, which goes out again, ${side(one.present)}${silent}`];
	const words = {steady: "no worse than before", risen: "worse than before"};
	return [`${side(one.present)} since `, moment(one.present.since),
		former ? `; before that, ${side(former)}: ${words[one.verdict] || one.verdict}` : "", silent];
}

function rejectionBlock(site) {
	const rejecting = (site.rejections || []).filter((one) => one.present.rejected > 0 || one.present.suspected > 0
		|| (one.former && one.former.handshakes > 0));
	if (rejecting.length === 0)
		return null;
	return block("What clients make of it", make("ul", {class: "list"}, rejecting.map((one) => make("li", {},
		make("span", {class: `mark ${one.verdict === "steady" ? "yes" : "no"}`, "aria-hidden": "true"},
			one.verdict === "steady" ? "✓" : "✕"),
		make("span", {}, site.chains.length > 1 ? `chain ${one.certificate + 1}: ` : "", rejectionWords(one))))));
}

// `scale`: with the words that say where the hour begins and ends.
function chart(kind, title, values, scale) {
	const most = Math.max(...values, 1);
	const height = 40;
	const bars = values.map((value, index) => shape("rect", {class: kind, x: index * 4, width: 3,
		y: height - value / most * height, height: value / most * height}));
	const words = `${title} over the last hour: ${number(sum(values))}, at most ${number(Math.max(...values))} in a minute`;
	return make("div", {class: "figure"},
		make("p", {}, make("span", {}, title), make("b", {}, number(sum(values)))),
		shape("svg", {class: "chart", viewBox: `0 0 ${values.length * 4} ${height + 1}`, preserveAspectRatio: "none",
			role: "img", "aria-label": words},
		shape("line", {class: "axis", x1: 0, x2: values.length * 4, y1: height + .5, y2: height + .5}), ...bars),
		scale ? make("p", {class: "scale quiet", "aria-hidden": "true"}, make("span", {}, "an hour ago"),
			make("span", {}, "now")) : null);
}

function trafficBlock(site) {
	return block("The last hour", make("div", {class: "charts"},
		chart("handshakes", "Handshakes", site.traffic.handshakes, true),
		chart("rejected", "Rejected by clients", site.traffic.rejected, true),
		chart("failed", "Not completed", site.traffic.failed, true)),
	make("p", {class: "quiet"}, `Since the start: ${plural(site.totals.handshakes, "handshake")}, `
		+ `${number(site.totals.resumed)} of them resumed; ${bytes(site.totals.bytes_to_client)} to clients, `
		+ `${bytes(site.totals.bytes_to_backend)} to backends`
		+ (site.totals.names_not_covered > 0 ? `; ${number(site.totals.names_not_covered)} asked for a name that is not covered.` : ".")));
}

function headPart(site) {
	return [make("h3", {id: `site-${encodeURIComponent(site.name)}`}, site.name), state(site.state),
		make("p", {class: "quiet grow"}, `listens on ${site.listen.join(", ")}`
			+ (site.mode === "report" ? " · reports only, mends nothing" : ""))];
}

// A site in a line, for where the rest is folded up.
function digest(site, now) {
	const ends = site.chains.flatMap((chain) => chain.mended).map((one) => Date.parse(one.not_after));
	const days = Math.floor((Math.min(...ends) - now) / 86400000);
	const open = site.findings.filter((finding) => finding.severity !== "info").length + site.findings_left_out;
	return [plural(open, "finding"), `${plural(sum(site.traffic.handshakes), "handshake")} in the last hour`,
		`${number(sum(site.traffic.rejected))} rejected`, ends.length === 0 ? "no certificate yet"
			: days < 0 ? "a certificate has expired" : `the first certificate expires in ${plural(days, "day")}`].join(" · ");
}

function chainsPart(site, now) {
	const waiting = site.certificate_is_backend ? "Waits for the certificate that the backend serves."
		: "There is no certificate yet.";
	return site.chains.length > 0 ? site.chains.flatMap((chain, index) => chainBlocks(site, chain, index, now))
		: [make("p", {class: "quiet"}, waiting)];
}

// The parts of a card: what each is made from, and how. `hour` has what expires be counted anew.
const PARTS = [
	{of: (site) => [site.name, site.state, site.listen, site.mode], draw: headPart},
	{of: (site, hour) => [site.chains, site.certificate_is_backend, hour], draw: chainsPart},
	{of: (site) => [site.findings, site.findings_left_out], draw: (site) => [findingBlock(site)]},
	{of: (site) => [site.rejections, site.chains.length], draw: (site) => [rejectionBlock(site)]},
	{of: (site) => [site.backends], draw: (site) => [backendBlock(site)]},
	{of: (site) => [site.traffic, site.totals], draw: (site) => [trafficBlock(site)]},
];

const cards = new Map(); // name -> {node, fold, summary, parts: [{node, text}], words}

function makeCard(site) {
	const parts = PARTS.map((_, index) => ({node: make(index === 0 ? "header" : "div", {class: "part"}), text: ""}));
	const summary = make("summary", {});
	const fold = make("details", {class: "fold"}, summary,
		make("div", {class: "body"}, parts.slice(1).map((part) => part.node)));
	const node = make("article", {"aria-labelledby": `site-${encodeURIComponent(site.name)}`}, parts[0].node, fold);
	return {node, fold, summary, parts, state: ""};
}

function isSelected(node) {
	const selection = document.getSelection();
	return selection !== null && !selection.isCollapsed && node.contains(selection.anchorNode)
		&& node.contains(selection.focusNode);
}

// Only what has changed is drawn anew; what somebody is about to copy a little later.
function updatePart(part, text, draw) {
	if (part.text === text)
		return;
	part.held = isSelected(part.node) ? part.held || Date.now() : 0;
	if (part.held > 0 && Date.now() - part.held < HOLD_MS)
		return;
	part.held = 0;
	const open = [...part.node.querySelectorAll("details")].map((one) => one.open);
	const focused = [...part.node.querySelectorAll("summary")].indexOf(document.activeElement);
	part.node.replaceChildren(...draw().filter((node) => node !== null));
	part.node.querySelectorAll("details").forEach((one, index) => { one.open = Boolean(open[index]); });
	const again = part.node.querySelectorAll("summary")[focused];
	if (again)
		again.focus();
	part.text = text;
}

function updateCard(site, now, many) {
	const card = cards.get(site.name) || makeCard(site);
	const hour = Math.floor(now / 3600000);
	PARTS.forEach((part, index) => updatePart(card.parts[index], JSON.stringify(part.of(site, hour)),
		() => part.draw(site, now)));
	if (card.state !== site.state || card.many !== many)
		card.fold.open = !many || site.state === "broken" || site.state === "attention";
	card.state = site.state;
	card.many = many;
	card.node.className = `card ${site.state}${many ? " many" : ""}`;
	const words = digest(site, now);
	if (card.summary.textContent !== words)
		card.summary.textContent = words;
	card.words = [site.name, site.state, site.mode, site.listen, site.findings.map((finding) => finding.code),
		site.backends.map((one) => one.address), site.chains.flatMap((chain) => [chain.state,
			...chain.names.map((name) => name.name), ...chain.mended.map((one) => one.subject)])]
		.flat(2).join("\n").toLowerCase();
	cards.set(site.name, card);
	return card.node;
}

function applyFilter() {
	const wanted = byId("filter").value.trim().toLowerCase();
	let found = 0;
	for (const {words, node} of cards.values()) {
		node.hidden = wanted !== "" && !words.includes(wanted);
		found += node.hidden ? 0 : 1;
	}
	const none = wanted !== "" && found === 0 ? `No site has ${clean(byId("filter").value.trim())} in it.` : "";
	if (byId("found").textContent !== none)
		byId("found").textContent = none;
}

function drawSites(sites, total, now) {
	const place = byId("cards");
	const weight = {broken: 0, attention: 1, waiting: 2, mended: 3, good: 4};
	const sorted = [...sites].sort((a, b) => weight[a.state] - weight[b.state]);
	const names = new Set(sites.map((site) => site.name));
	for (const [name, {node}] of cards) {
		if (!names.has(name)) {
			node.remove();
			cards.delete(name);
		}
	}
	sorted.forEach((site, index) => {
		const node = updateCard(site, now, sites.length > FOLD_ABOVE);
		if (place.children[index] !== node)
			place.insertBefore(node, place.children[index] || null);
	});
	byId("filter-label").hidden = total < 4;
	byId("more").textContent = sites.length < total
		? `${number(total - sites.length)} more sites are not drawn here; /api/status has them.` : "";
	applyFilter();
}

function tile(title, value, ...rest) {
	return make("div", {class: "tile"}, make("p", {class: "quiet"}, title), make("b", {}, value), ...rest);
}

// The whole of it in a sentence, the worst first.
function headline(states) {
	const rows = [["broken", "is broken for clients", "are broken for clients"], ["attention", "needs a look", "need a look"],
		["waiting", "waits for a certificate or a verdict", "wait for certificates or verdicts"],
		["mended", "is mended: clients accept what chainmend sends", "are mended: clients accept what chainmend sends"]];
	const words = rows.filter(([word]) => states[word] > 0)
		.map(([word, one, more]) => `${plural(states[word], "site")} ${states[word] === 1 ? one : more}`);
	return words.length > 0 ? `${words.join("; ")}.` : "All is good: clients accept what the servers give.";
}

function drawSummary(status) {
	const counts = Object.entries(status.states).filter(([, count]) => count > 0);
	const fetches = status.mends.fetches;
	return [
		tile("Sites", number(status.num_sites), make("div", {class: "counts"},
			counts.reverse().map(([word, count]) => state(word, `${number(count)} ${word}`)))),
		tile("Connections open", number(status.totals.connections_open),
			make("p", {class: "quiet"}, `${number(status.totals.connections_accepted)} since the start`)),
		make("div", {class: "tile"}, chart("handshakes", "Handshakes, 1 h", status.traffic.handshakes)),
		make("div", {class: "tile"}, chart("rejected", "Rejections, 1 h", status.traffic.rejected)),
		tile("Issuers fetched", number(status.mends.issuers_fetched),
			make("p", {class: "quiet"}, `${plural(fetches.ok, "fetch").replace("fetchs", "fetches")} answered, ${number(fetches.failed + fetches.refused)} not`)),
	];
}

function drawRecent(lines) {
	const items = lines.slice(0, RECENT).map((line) => make("li", {}, moment(line.time),
		state(line.event === "resolved" ? "good" : line.severity, line.event === "resolved" ? "resolved" : line.severity),
		make("span", {}, make("b", {}, line.site), " ", prose(line.message))));
	return items.length > 0 ? items : [make("li", {class: "quiet"}, "Nothing has been written yet.")];
}

// What a reload did not take over, and which files are wrong.
function drawReload(status) {
	const files = status.wrong_files;
	const refused = status.reloads.last === "failed"
		? [make("p", {}, "The last reload took over nothing, because the configuration is wrong: the program log says where.")] : [];
	if (files.count === 0)
		return refused;
	const items = files.sites.map((one) => make("li", {}, make("b", {}, one.site),
		one.serves ? " goes on with what it read before: " : " serves nobody: ",
		prose(one.faults.trim().replaceAll("\n", "; "))));
	const more = files.count - items.length;
	return [...refused, make("p", {}, `The files of ${plural(files.count, "site")} are wrong; they are looked at again by themselves.`),
		make("ul", {}, items), more > 0 ? make("p", {}, `and ${plural(more, "more site")}`) : []].flat();
}

function say(words, kind) {
	const pulse = byId("pulse");
	if (pulse.textContent !== words)
		pulse.textContent = words;
	pulse.className = `pulse ${kind}`;
}

async function ask(path) {
	const stop = new AbortController();
	const timer = setTimeout(() => stop.abort(), MAX_WAIT_MS);
	// Not relative: an address that was opened with the token in it (http://any:TOKEN@...) could not be fetched from.
	const answer = await fetch(location.origin + path, {cache: "no-store", signal: stop.signal});
	if (!answer.ok)
		throw new Error(`chainmend answers ${answer.status} ${answer.statusText}`);
	const value = await answer.json();
	clearTimeout(timer);
	return value;
}

async function read() {
	const first = await ask("/api/status");
	const sites = first.sites;
	for (let next = first.next; next !== null && sites.length < MAX_SITES;) {
		const page = await ask(`/api/status?from=${next}`);
		sites.push(...page.sites);
		next = page.next;
	}
	return {...first, sites};
}

const summary = {node: byId("summary"), text: ""};
const recent = {node: byId("recent"), text: ""};
const reload = {node: byId("reload"), text: ""};
let last = null; // when the state that is drawn was so; null: nothing is drawn yet
let drawnBy = null; // the version that the page belongs to

function draw(status) {
	const now = Date.parse(status.now);
	const program = status.program;
	if (drawnBy !== null && drawnBy !== program.version)
		location.reload(); // another chainmend, with a page of its own
	drawnBy = program.version;
	byId("program").textContent = `${program.version} · up for ${age(now - Date.parse(program.started))} · ${plural(program.workers, "worker")}`;
	document.title = `${status.states.broken > 0 ? `(${status.states.broken} broken) ` : ""}chainmend`;
	updatePart(summary, JSON.stringify([status.states, status.totals, status.traffic, status.mends, status.num_sites]),
		() => drawSummary(status));
	if (byId("headline").textContent !== headline(status.states))
		byId("headline").textContent = headline(status.states);
	updatePart(reload, JSON.stringify([status.reloads.last, status.wrong_files]), () => drawReload(status));
	reload.node.hidden = status.wrong_files.count === 0 && status.reloads.last !== "failed";
	drawSites(status.sites, status.num_sites, now);
	updatePart(recent, JSON.stringify(status.recent.slice(0, RECENT)), () => drawRecent(status.recent));
	last = status.now;
}

// What is drawn is not what is so any more: that has to be seen.
function showStale(why) {
	const words = why === null ? ""
		: `${why}. ${last === null ? "Nothing is known yet" : `What is below was so at ${clock(last)}`}; it is asked again.`;
	if (byId("stale").textContent !== words)
		byId("stale").textContent = words;
	byId("stale").hidden = why === null;
}

async function refresh() {
	let status = null;
	try {
		status = await read();
	} catch (error) {
		say("no answer", "lost");
		showStale(error.message.startsWith("chainmend") ? error.message : "chainmend does not answer");
	}
	setTimeout(refresh, REFRESH_MS);
	if (status !== null) {
		draw(status);
		say(status.program.state, status.program.ready ? "live" : "lost");
		showStale(null);
	}
	document.documentElement.dataset.drawn = String(Date.now());
}

byId("filter").addEventListener("input", applyFilter);
refresh();
