/* floor: the least that any DHCP client can do on this kernel, to measure others against.
 * DISCOVER, OFFER, REQUEST, ACK on all links at once, then address, prefix and default
 * route, each link's with a metric of its own and with the lifetime of its lease, as a
 * client should leave them. One packet socket, one netlink socket, one process that stays
 * when all links are configured, and does nothing more. It renews nothing, and trusts whoever answers.
 *	floor [-rapid] [-reboot ADDRESS] [-resolv FILE] PREFIX
 * PREFIX is how the names of the links begin. -rapid asks for an ACK at once (RFC 4039).
 * -reboot asks for a lease that is known (INIT-REBOOT): ADDRESS on the first link, and
 * the next one on each further.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINKS = 4096, WINDOW = 64, BATCH = 2 * WINDOW, RAISED = 4, RESEND = 100 /* ms */, METRIC = 1024 };
enum { DISCOVER = 1, OFFER, REQUEST, ACK = 5, NAK };

/* A link is down, waits for carrier, for a place in the window, for an answer, or is done. */
static struct link { int index; uint8_t mac[6]; enum { DOWN, DARK, READY, ASKING, DONE } state; uint32_t xid, sent; in_addr_t want, server; } all[LINKS], *by_index[1 << 16];
static int links, down, ready, asking, done;	/* how many in all, and how many in which state */
static const char *prefix = "eth", *resolv;
static int rapid, packets, kernel; static in_addr_t reboot, dns;

struct __attribute__((packed)) frame {
	uint8_t ip[20]; uint16_t sport, dport, length, sum;
	uint8_t op, htype, hlen, hops; uint32_t xid; uint16_t secs, flags; in_addr_t ciaddr, yiaddr, siaddr, giaddr;
	uint8_t chaddr[16], sname[64], file[128]; uint32_t cookie; uint8_t options[1280];
};
static struct batch { struct mmsghdr m[BATCH]; struct iovec v[BATCH]; struct sockaddr_ll peer[BATCH]; struct frame f[BATCH]; } out, in; static int sending;

/* What was asked and when, oldest first. A link that asked again since has a newer sent. */
static struct { struct link *l; uint32_t sent; } asked[1 << 16];
static uint16_t oldest, newest;
static uint8_t requests[1 << 16]; static int requested;	/* for the kernel, in one piece */

static void die(const char *what) { perror(what); exit(1); }
static uint32_t now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000 + t.tv_nsec / 1000000; }
static uint8_t *option(uint8_t *o, int code, int n, const void *value) { *o++ = code; *o++ = n; return memcpy(o, value, n) + n; }

/* ask puts DISCOVER or REQUEST into the batch, whichever is the link's turn. */
static void ask(struct link *l)
{
	asked[newest].l = l; asked[newest++].sent = l->sent = now();
	if (sending == BATCH) return;	/* as if it were lost */
	struct frame *f = &out.f[sending];
	int type = l->want ? REQUEST : DISCOVER;
	memset(f, 0, offsetof(struct frame, options));
	f->op = f->htype = 1; f->hlen = 6; f->xid = l->xid; f->cookie = htonl(0x63825363);
	memcpy(f->chaddr, l->mac, 6);
	uint8_t *o = option(f->options, 53, 1, (uint8_t[]){ type });
	o = option(o, 61, 7, (uint8_t[]){ 1, l->mac[0], l->mac[1], l->mac[2], l->mac[3], l->mac[4], l->mac[5] });
	if (type == DISCOVER && rapid) o = option(o, 80, 0, "");
	if (l->want) o = option(o, 50, 4, &l->want);
	if (l->server) o = option(o, 54, 4, &l->server);
	o = option(o, 55, 4, "\1\3\6\17");
	*o++ = 255;
	while (o < f->options + 60) *o++ = 0;	/* the 300 bytes that some relays insist on */
	int n = o - (uint8_t *)f;
	memcpy(f->ip, (uint8_t[20]){ 0x45, 0, n >> 8, n, 0, 0, 0, 0, 64, 17, [16] = 255, 255, 255, 255 }, 20);
	uint32_t sum = 0;
	for (int i = 0; i < 20; i += 2) sum += f->ip[i] << 8 | f->ip[i + 1];
	f->ip[10] = ~((sum >> 16) + sum) >> 8; f->ip[11] = ~((sum >> 16) + sum);
	f->sport = htons(68); f->dport = htons(67); f->length = htons(n - 20);
	out.v[sending].iov_len = n;
	out.peer[sending++].sll_ifindex = l->index;
}

static void attribute(struct nlmsghdr *h, int type, int n, const void *value)
{
	struct rtattr *a = (void *)((char *)h + NLMSG_ALIGN(h->nlmsg_len));
	*a = (struct rtattr){ RTA_LENGTH(n), type };
	memcpy(RTA_DATA(a), value, n);
	h->nlmsg_len = NLMSG_ALIGN(h->nlmsg_len) + RTA_ALIGN(a->rta_len);
}

/* begin begins a request. The kernel answers only if it refuses: that costs nothing when all is well. */
static struct nlmsghdr *begin(int type, int flags, int n, const void *body)
{
	struct nlmsghdr *h = (void *)(requests + requested);
	*h = (struct nlmsghdr){ NLMSG_LENGTH(n), type, NLM_F_REQUEST | flags };
	memcpy(NLMSG_DATA(h), body, n);
	return h;
}

static void end(struct nlmsghdr *h) { requested += NLMSG_ALIGN(h->nlmsg_len); }
static void flush(void) { if (requested && send(kernel, requests, requested, 0) < 0) die("netlink send"); requested = 0; }

/* configure gives the link what it was granted, for as long as that lasts; the kernel adds the prefix route. */
static void configure(struct link *l, in_addr_t address, in_addr_t mask, in_addr_t router, uint32_t seconds)
{
	uint32_t metric = METRIC + 16 * (l - all), broadcast = address | ~mask;
	if (requested > (int)sizeof requests - 512) flush();
	struct nlmsghdr *h = begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifaddrmsg), &(struct ifaddrmsg){
		.ifa_family = AF_INET, .ifa_prefixlen = __builtin_popcount(mask), .ifa_index = l->index });
	attribute(h, IFA_LOCAL, 4, &address); attribute(h, IFA_ADDRESS, 4, &address);
	attribute(h, IFA_BROADCAST, 4, &broadcast); attribute(h, IFA_RT_PRIORITY, 4, &metric);
	attribute(h, IFA_CACHEINFO, sizeof(struct ifa_cacheinfo), &(struct ifa_cacheinfo){ .ifa_prefered = seconds, .ifa_valid = seconds });
	end(h);
	if (!router) return;
	h = begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct rtmsg), &(struct rtmsg){
		.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_DHCP, .rtm_type = RTN_UNICAST });
	attribute(h, RTA_GATEWAY, 4, &router); attribute(h, RTA_OIF, 4, &l->index);
	attribute(h, RTA_PREFSRC, 4, &address); attribute(h, RTA_PRIORITY, 4, &metric);
	end(h);
}

/* answer takes an answer in. */
static void answer(struct frame *f, int n, int index)
{
	struct link *l = all + ntohl(f->xid) % LINKS;
	if (n < (int)offsetof(struct frame, options) || f->op != 2 || f->cookie != htonl(0x63825363)) return;
	if (l->state != ASKING || f->xid != l->xid || l->index != index || memcmp(f->chaddr, l->mac, 6)) return;
	int type = 0; in_addr_t server = 0, mask = 0, router = 0; uint32_t seconds = 0;
	for (uint8_t *o = f->options, *stop = (uint8_t *)f + n; o < stop && *o != 255;) {
		if (!*o) { o++; continue; }
		if (o + 2 > stop || o + 2 + o[1] > stop) return;
		if (*o == 53 && o[1] == 1) type = o[2];
		in_addr_t *value = *o == 54 ? &server : *o == 1 ? &mask : *o == 3 ? &router : *o == 6 ? &dns : *o == 51 ? &seconds : 0;
		if (value && o[1] >= 4) memcpy(value, o + 2, 4);
		o += 2 + o[1];
	}
	if (type == OFFER && !l->want && server) { l->want = f->yiaddr; l->server = server; ask(l); }
	else if (type == ACK && (l->want ? l->want == f->yiaddr : rapid) && seconds) {
		l->state = DONE; asking--; done++;
		configure(l, f->yiaddr, mask, router, ntohl(seconds));
	} else if (type == NAK) { l->want = l->server = 0; ask(l); }
}

/* learn takes in what the kernel says of a link, in the dump or when something changed. */
static void learn(struct nlmsghdr *h)
{
	struct ifinfomsg *m = NLMSG_DATA(h);
	struct link *l = by_index[m->ifi_index & 0xffff];
	if (!l && links < LINKS) {
		l = all + links;
		int n = IFLA_PAYLOAD(h), ours = 0;
		for (struct rtattr *a = IFLA_RTA(m); RTA_OK(a, n); a = RTA_NEXT(a, n)) {
			if (a->rta_type == IFLA_IFNAME) ours = !strncmp(RTA_DATA(a), prefix, strlen(prefix));
			if (a->rta_type == IFLA_ADDRESS && RTA_PAYLOAD(a) == 6) memcpy(l->mac, RTA_DATA(a), 6);
		}
		if (!ours) return;
		by_index[m->ifi_index & 0xffff] = l;
		l->index = m->ifi_index; l->xid = htonl((now() & 0xfffff) * LINKS + links);
		if (reboot) l->want = htonl(ntohl(reboot) + links);
		links++; down++;	/* until found otherwise */
	}
	if (l && l->state == DOWN && m->ifi_flags & IFF_UP) { l->state = DARK; down--; }
	if (l && l->state == DARK && m->ifi_flags & IFF_RUNNING) { l->state = READY; ready++; }
}

/* dump has the kernel tell of all links. */
static void dump(void)
{
	struct nlmsghdr *h = begin(RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg), &(struct ifinfomsg){ 0 });
	attribute(h, IFLA_EXT_MASK, 4, &(uint32_t){ RTEXT_FILTER_SKIP_STATS });
	end(h); flush();
}

/* hear takes in what the kernel has to say, and returns when it has said all. */
static void hear(int flags)
{
	static uint8_t buffer[1 << 16];
	for (ssize_t n; (n = recv(kernel, buffer, sizeof buffer, flags)) > 0;)
		for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == RTM_NEWLINK) learn(h);
			if (h->nlmsg_type == NLMSG_DONE) flags = MSG_DONTWAIT;	/* the dump's end */
			if (h->nlmsg_type == NLMSG_ERROR) { errno = -((struct nlmsgerr *)NLMSG_DATA(h))->error; die("the kernel"); }
		}
	if (errno == ENOBUFS) dump();	/* events were lost */
	else if (errno != EAGAIN) die("netlink receive");
}

static void sockets(void)
{
	struct sockaddr_nl events = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	if ((kernel = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)) < 0 || bind(kernel, (void *)&events, sizeof events)) die("netlink");
	/* With protocol 0 and a bind the kernel has no reason to wait for all its CPUs, which takes 10 ms. */
	if ((packets = socket(AF_PACKET, SOCK_DGRAM, 0)) < 0) die("packet socket");
	struct sock_filter udp68[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 22), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 68, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff), BPF_STMT(BPF_RET | BPF_K, 0) };
	setsockopt(packets, SOL_SOCKET, SO_ATTACH_FILTER, &(struct sock_fprog){ 6, udp68 }, sizeof(struct sock_fprog));
	if (bind(packets, (void *)&(struct sockaddr_ll){ .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) }, sizeof(struct sockaddr_ll))) die("packet socket");
	for (struct batch *b = &out; b; b = b == &out ? &in : 0)
		for (int i = 0; i < BATCH; i++) {
			b->peer[i] = (struct sockaddr_ll){ .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_halen = 6, .sll_addr = { 255, 255, 255, 255, 255, 255 } };
			b->v[i] = (struct iovec){ &b->f[i], sizeof *b->f };
			b->m[i].msg_hdr = (struct msghdr){ .msg_name = &b->peer[i], .msg_namelen = sizeof *b->peer, .msg_iov = &b->v[i], .msg_iovlen = 1 };
		}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-rapid")) rapid = 1;
		else if (!strcmp(argv[i], "-reboot") && i + 1 < argc) reboot = inet_addr(argv[++i]);
		else if (!strcmp(argv[i], "-resolv") && i + 1 < argc) resolv = argv[++i];
		else prefix = argv[i];
	}
	sockets();
	dump();
	hear(0);
	for (;;) {
		/* Whose answer is late asks again. */
		while (oldest != newest && (asked[oldest].l->state != ASKING || asked[oldest].sent != asked[oldest].l->sent || now() - asked[oldest].sent >= RESEND)) {
			struct link *l = asked[oldest].l; uint32_t sent = asked[oldest++].sent;
			if (l->state == ASKING && sent == l->sent) { if (!reboot) l->want = l->server = 0; ask(l); }
		}
		for (struct link *l = all; ready && asking < WINDOW && sending < BATCH; l++)
			if (l->state == READY) { l->state = ASKING; ready--; asking++; ask(l); }
		for (int n = 0, sent; n < sending; n += sent)	/* what cannot be sent now will be late */
			if ((sent = sendmmsg(packets, out.m + n, sending - n, 0)) < 0) sent = 1;
		sending = 0;
		int raised = 0;	/* a few at a time: of many at once the kernel announces some a second later */
		for (struct link *l = all; down && raised < RAISED && l < all + links; l++)
			if (l->state == DOWN) {
				end(begin(RTM_NEWLINK, 0, sizeof(struct ifinfomsg), &(struct ifinfomsg){ .ifi_index = l->index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP }));
				l->state = DARK; down--; raised++;
			}
		flush();
		if (done == links) break;
		int32_t left = oldest != newest ? (int32_t)(asked[oldest].sent + RESEND - now()) : -1;
		struct pollfd p[2] = { { packets, POLLIN }, { kernel, POLLIN } };
		if (poll(p, 2, down ? 0 : oldest == newest ? -1 : left < 0 ? 0 : left) < 0) die("poll");
		if (p[1].revents) hear(MSG_DONTWAIT);
		if (!p[0].revents) continue;
		int n = recvmmsg(packets, in.m, BATCH, MSG_DONTWAIT, 0);
		for (int i = 0; i < n; i++) answer(&in.f[i], in.m[i].msg_len, in.peer[i].sll_ifindex);
	}
	hear(MSG_DONTWAIT);	/* the kernel's refusals, if any */
	if (resolv) {
		FILE *f = fopen(resolv, "w");
		if (!f || fprintf(f, "nameserver %s\n", inet_ntoa((struct in_addr){ dns })) < 0 || fclose(f)) die(resolv);
	}
	pause();	/* what it has cost can be read until it is killed */
}
