// The admin page: reads /api/status every few seconds and draws it. Everything that certificates, clients and files
// brought along goes in as text, never as HTML.
"use strict";

const REFRESH_MS = 5000;
const MAX_SITES = 2000; // drawn; beyond it the filter and /api/status help
const SOON_DAYS = 30;
const ICONS = {good: "✓", mended: "⚭", waiting: "…", attention: "!", broken: "✕", reported: "!", partial: "!",
	up: "✓", down: "✕", unknown: "…", fixed: "⚭", warning: "!", error: "✕", info: "i"};
const WORDS = {reported: "not applied", partial: "partly trusted", fixed: "fixed"};

const byId = (id) => document.getElementById(id);

// make("p", {class: "x"}, "text", node, null ...): children that are not nodes become text.
function make(name, attributes, ...children) {
	const node = document.createElement(name);
	for (const [key, value] of Object.entries(attributes || {}))
		node.setAttribute(key, value);
	for (const child of children.flat())
		if (child !== null && child !== undefined)
			node.append(child instanceof Node ? child : String(child));
	return node;
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

const moment = (time) => make("time", {datetime: time}, time.slice(0, 10), " ", time.slice(11, 19));

function state(word, what) {
	return make("span", {class: `state ${word}`}, make("span", {"aria-hidden": "true"}, ICONS[word] || "…"),
		what || WORDS[word] || word);
}

// The common name of an RFC 4514 name, or the whole of it.
function shortName(name) {
	const found = /(?:^|,)CN=((?:\\.|[^,\\])*)/.exec(name);
	return found ? found[1].replace(/\\(.)/g, "$1") : name || "(no name)";
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

function chainColumn(title, note, trusted, boxes) {
	return make("div", {class: "chain"},
		make("div", {class: "chain-head"}, make("h4", {}, title),
			make("p", {class: trusted ? "yes" : "no"}, trusted ? "✓ accepted by every store" : note)),
		make("ol", {}, boxes));
}

function chainPair(chain, now) {
	const served = chain.served.map((one) => certificateBox(one, now, one.left_out ? "left-out" : ""));
	const mended = chain.mended.map((one) => certificateBox(one, now, one.added ? "added" : ""));
	const refused = chain.stores.some((store) => store.served_trusted) ? "✕ not by every store" : "✕ accepted by no store";
	const still = chain.stores.some((store) => store.mended_trusted) ? "✕ not by every store" : "✕ accepted by no store";
	if (!chain.served_trusted && chain.mended.some((one) => one.added))
		served.push(make("li", {class: "link gap"}, "an issuer is missing here"));
	if (chain.anchor)
		mended.push(certificateBox(chain.anchor, now, "root"));
	const titles = {mended: "What chainmend sends", served: "What chainmend would send", former: "What it would send; the former chain goes out"};
	return make("div", {class: "chains"},
		chainColumn("What the server gives", refused, chain.served_trusted, served),
		chainColumn(chain.state === "good" ? titles.mended : titles[chain.goes_out], still, chain.mended_trusted, mended));
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

function chainBlocks(chain, index, count, now) {
	const heading = count > 1 ? `Chain ${index + 1} of ${count}` : "Chain";
	return [block(heading, chainPair(chain, now)),
		make("div", {class: "pair"},
			chain.stores.length > 0 ? block("Who accepts it", storeList(chain)) : null,
			chain.names.length > 0 ? block("Names", nameList(chain)) : null)];
}

function findingBox(finding) {
	return make("li", {class: "finding"},
		make("div", {class: "row"}, state(finding.severity), make("code", {}, finding.code),
			make("span", {class: "quiet"}, `about the ${finding.subject_of} · since `), moment(finding.since)),
		make("p", {}, finding.message),
		make("div", {class: "advice"}, make("b", {}, "What to do"), finding.advice));
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
		infos.length > 0 ? make("details", {}, make("summary", {}, `${plural(infos.length, "note")} that hurt nobody`),
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

function rejectionBlock(site) {
	const told = (site.rejections || []).filter((one) => one.former || one.present.rejected > 0);
	const side = (record) => `${number(record.rejected)} of ${plural(record.handshakes, "handshake")} rejected`;
	const verdicts = {steady: "no worse than before", risen: "worse than before", rolled_back: "rolled back"};
	if (told.length === 0)
		return null;
	return block("What clients make of it", make("ul", {class: "list"}, told.map((one) => make("li", {},
		make("span", {class: `mark ${one.verdict === "steady" ? "yes" : "no"}`, "aria-hidden": "true"},
			one.verdict === "steady" ? "✓" : "✕"),
		make("span", {}, `${side(one.present)} since `, moment(one.present.since),
			one.former && one.former.handshakes > 0 ? `; before that, ${side(one.former)}: ${verdicts[one.verdict] || one.verdict}` : "")))));
}

function chart(kind, title, values) {
	const most = Math.max(...values, 1);
	const height = 40;
	const bars = values.map((value, index) => shape("rect", {class: kind, x: index * 4, width: 3,
		y: height - value / most * height, height: value / most * height}));
	const words = `${title} over the last hour: ${number(sum(values))}, at most ${number(Math.max(...values))} in a minute`;
	return make("div", {class: "figure"},
		make("p", {}, make("span", {}, title), make("b", {}, number(sum(values)))),
		shape("svg", {class: "chart", viewBox: `0 0 ${values.length * 4} ${height + 1}`, preserveAspectRatio: "none",
			role: "img", "aria-label": words},
		shape("line", {class: "axis", x1: 0, x2: values.length * 4, y1: height + .5, y2: height + .5}), ...bars));
}

function trafficBlock(site) {
	return block("The last hour", make("div", {class: "charts"},
		chart("handshakes", "Handshakes", site.traffic.handshakes),
		chart("rejected", "Rejected by clients", site.traffic.rejected),
		chart("failed", "Not completed", site.traffic.failed)),
	make("p", {class: "quiet"}, `Since the start: ${plural(site.totals.handshakes, "handshake")}, `
		+ `${number(site.totals.resumed)} of them resumed; ${bytes(site.totals.bytes_to_client)} to clients, `
		+ `${bytes(site.totals.bytes_to_backend)} to backends`
		+ (site.totals.names_not_covered > 0 ? `; ${number(site.totals.names_not_covered)} asked for a name that is not covered.` : ".")));
}

function siteCard(site, now) {
	const id = `site-${encodeURIComponent(site.name)}`;
	const waiting = site.certificate_is_backend ? "Waits for the certificate that the backend serves." : "There is no certificate yet.";
	return make("article", {class: `card ${site.state}`, "aria-labelledby": id},
		make("header", {}, make("h3", {id}, site.name), state(site.state),
			make("p", {class: "quiet grow"}, `listens on ${site.listen.join(", ")}`
				+ (site.mode === "report" ? " · reports only, mends nothing" : ""))),
		make("div", {class: "body"},
			site.chains.length > 0
				? site.chains.flatMap((chain, index) => chainBlocks(chain, index, site.chains.length, now))
				: make("p", {class: "quiet"}, waiting),
			findingBlock(site), rejectionBlock(site), backendBlock(site), trafficBlock(site)));
}

const cards = new Map(); // name -> {text, node}

// A card is drawn anew only when it has changed; what was unfolded or focused stays so.
function updateCard(site, now) {
	const text = JSON.stringify(site) + now.toString().slice(0, -7);
	const known = cards.get(site.name);
	if (known && known.text === text)
		return known.node;
	const node = siteCard(site, now);
	if (known) {
		const old = [...known.node.querySelectorAll("details")];
		[...node.querySelectorAll("details")].forEach((one, index) => { one.open = Boolean(old[index] && old[index].open); });
		const focused = [...known.node.querySelectorAll("summary")].indexOf(document.activeElement);
		known.node.replaceWith(node);
		if (focused >= 0 && node.querySelectorAll("summary")[focused])
			node.querySelectorAll("summary")[focused].focus();
	}
	cards.set(site.name, {text, node});
	return node;
}

function applyFilter() {
	const wanted = byId("filter").value.trim().toLowerCase();
	for (const {text, node} of cards.values())
		node.hidden = wanted !== "" && !text.toLowerCase().includes(wanted);
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
		const node = updateCard(site, now);
		if (place.children[index] !== node)
			place.insertBefore(node, place.children[index] || null);
	});
	byId("filter-label").hidden = total < 4;
	byId("more").textContent = sites.length < total ? `${number(total - sites.length)} more sites are not drawn here; /api/status has them.` : "";
	applyFilter();
}

function tile(title, value, ...rest) {
	return make("div", {class: "tile"}, make("p", {class: "quiet"}, title), make("b", {}, value), ...rest);
}

function drawSummary(status) {
	const counts = Object.entries(status.states).filter(([, count]) => count > 0);
	const fetches = status.mends.fetches;
	byId("summary").replaceChildren(
		tile("Sites", number(status.num_sites), make("div", {class: "counts"},
			counts.reverse().map(([word, count]) => state(word, `${number(count)} ${word}`)))),
		tile("Connections open", number(status.totals.connections_open),
			make("p", {class: "quiet"}, `${number(status.totals.connections_accepted)} since the start`)),
		make("div", {class: "tile"}, chart("handshakes", "Handshakes, 1 h", status.traffic.handshakes)),
		make("div", {class: "tile"}, chart("rejected", "Rejections, 1 h", status.traffic.rejected)),
		tile("Issuers fetched", number(status.mends.issuers_fetched),
			make("p", {class: "quiet"}, `${plural(fetches.ok, "fetch").replace("fetchs", "fetches")} answered, ${number(fetches.failed + fetches.refused)} not`)));
}

function drawRecent(lines) {
	const place = byId("recent");
	const items = lines.slice(0, 15).map((line) => make("li", {}, moment(line.time),
		state(line.event === "resolved" ? "good" : line.severity, line.event === "resolved" ? "resolved" : line.severity),
		make("span", {}, make("b", {}, line.site), " ", line.message)));
	place.replaceChildren(...(items.length > 0 ? items : [make("li", {class: "quiet"}, "Nothing has been written yet.")]));
}

function say(words, kind) {
	const pulse = byId("pulse");
	if (pulse.textContent !== words)
		pulse.textContent = words;
	pulse.className = `pulse ${kind}`;
}

async function read() {
	const first = await (await fetch("/api/status", {cache: "no-store"})).json();
	const sites = first.sites;
	for (let next = first.next; next !== null && sites.length < MAX_SITES;) {
		const page = await (await fetch(`/api/status?from=${next}`, {cache: "no-store"})).json();
		sites.push(...page.sites);
		next = page.next;
	}
	return {...first, sites};
}

async function refresh() {
	try {
		const status = await read();
		const now = Date.parse(status.now);
		const program = status.program;
		byId("program").textContent = `${program.version} · up for ${age(now - Date.parse(program.started))} · ${plural(program.workers, "worker")}`;
		document.title = `${status.states.broken > 0 ? `(${status.states.broken} broken) ` : ""}chainmend`;
		drawSummary(status);
		drawSites(status.sites, status.num_sites, now);
		drawRecent(status.recent);
		say(program.state, program.ready ? "live" : "lost");
	} catch (error) {
		say("no answer; trying again", "lost");
	}
	document.documentElement.dataset.drawn = String(Date.now());
	setTimeout(refresh, REFRESH_MS);
}

byId("filter").addEventListener("input", applyFilter);
refresh();
