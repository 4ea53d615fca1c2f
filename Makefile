# Everything here works from a fresh clone with Go, git and make; what else is
# needed is installed on the way (Debian, Ubuntu) or named in one line.

NICS ?= 3
TIME ?= $(if $(filter soak,$(MAKECMDGOALS)),3m,10s)
SEEDS ?= 1000
FIRST ?= 1
LINKS ?= 64
BOOTS ?= 5
OVER  ?= tftp

export PATH := $(PATH):/usr/sbin:/sbin

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## boot an image with the client in it under QEMU [NICS=3] [FLAGS=-v]
	@$(call need,$(QEMU))
	go run ./images/u-root -nics $(NICS) -- $(FLAGS)

run-gokrazy: ## boot a gokrazy image with the client in it under QEMU [FLAGS=-v]
	@$(call need,$(QEMU) $(EXT4))
	go run ./images/gokrazy -- $(FLAGS)

run-netboot: ## boot from a network, by the ROM of a NIC, and the next system from there [OVER=tftp]
	@$(call need,$(QEMU) $(NET))
	go run ./images/netboot -over $(OVER)

test: lint ## every test there is, under the race detector and for other machines too
	@$(call need,$(QEMU) $(EXT4) $(NET) $(RACE) $(MAN))
	go test -timeout 20m ./...
	go test -race ./cmds/... ./internal/... ./pkg/...
	@for arch in 386 arm arm64; do \
		echo "vet and build for $$arch"; \
		GOARCH=$$arch go vet ./... && GOARCH=$$arch $(BUILD) -o /dev/null ./cmds/dhclient-lws || exit 1; \
	done

lint: ## format, go vet, staticcheck
	@unformatted=$$(go tool gofumpt -l .); [ -z "$$unformatted" ] || { echo "run gofumpt -w on: $$unformatted"; exit 1; }
	go vet ./...
	cd images/gokrazy/system && go vet ./...
	go tool staticcheck ./...

# govulncheck exits with 3 if it found something; without its database it found nothing.
vuln: ## known vulnerabilities; needs the internet
	go tool govulncheck ./... || [ $$? -ne 3 ]

man: ## the man page and README's table of flags, from what -h says
	go run ./cmds/dhclient-lws/internal/mkman

build: ## bin/dhclient-lws: static, stripped
	$(BUILD) -o bin/ ./cmds/dhclient-lws

fuzz: ## each fuzz test for a while [TIME=10s]
	@grep -r --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' . | sed 's/:func / /' | while read -r file name; do \
		go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(TIME) "$$(dirname "$$file")" || exit 1; \
	done

simulate: ## many clients for days of virtual time, in which everything goes wrong [SEEDS=1000] [FIRST=1]
	go test -timeout 0 -count 1 -v -run TestNoSeedBreaksARule ./pkg/dhcpc/dhcptest/sim -seeds $(SEEDS) -first $(FIRST)

siege: ## the worst that servers can do, for a day of virtual time [LINKS=64]
	go test -timeout 0 -count 1 -v -run TestADayUnderSiege ./pkg/dhcpc/dhcptest/sim/siege -links $(LINKS) -many $(LINKS)

breakages: ## break the client in each of four dozen ways, and see that the simulation and the tests notice
	go test -timeout 0 -count 1 -v -run TestEachBreakageIsCaught ./pkg/dhcpc/dhcptest/sim -breakages all -table BREAKAGES.md
	go test -timeout 0 -count 1 -v -run TestEachBreakageFailsItsTests ./pkg/dhcpc/dhcptest/rfc -breakages all -table BREAKAGES.md

conformance: ## the map of requirements and the tests that show them, from a passing run
	go test -timeout 20m -json $$(go list ./cmds/... ./pkg/... | grep -v /rfc$$) | go run ./pkg/dhcpc/dhcptest/rfc/internal/mkmap pkg/dhcpc/dhcptest/rfc/CONFORMANCE.md

scale: ## 10,000 clients powered on at once before one server: the retry policies compared
	go test -count 1 -v -run TestTenThousandClients ./pkg/dhcpc/dhcptest/sim/scale -picture scale.svg

timeline: ## how far boots of all four places are when: images/BOOTS.md and its picture [BOOTS=5]
	@$(call need,$(QEMU) $(EXT4) $(NET))
	$(call measure,Boot) | tee images/timeline/boots.txt
	go run ./images/timeline

bench-boot: ## from the start of the kernel to an address, beside other clients: images/BOOTS.md [BOOTS=5]
	@$(call need,$(QEMU) $(EXT4) $(NET))
	$(call measure,KernelToAddress) | tee images/timeline/addresses.txt
	go run ./images/timeline

sizes: ## what the client adds to an image, into the pages of the images
	@$(call need,xz:xz-utils gzip:gzip)
	go run ./images/sizes

soak: ## many links, a server with leases of seconds, and misfortunes for a while [TIME=3m] [LINKS=64]
	@$(call need,$(NET))
	go test -timeout 0 -count 1 -v -run TestSoak ./pkg/dhcpc/dhcptest/servers -soak $(TIME) -soak-links $(LINKS)

bench-quick: ## ours beside the floor and u-root's client, on 1, 64 and 256 links
	@$(call need,$(NET) $(RACE))
	@$(BENCH) -plan quick

bench: ## ours beside all others, in every scene; takes a quarter of an hour, and should have the machine for itself [BENCHFLAGS="-scenes '^64' -rounds 5"]
	@$(call need,$(NET) $(RACE) $(PEERS))
	@$(BENCH) -plan full -lines results.jsonl $(BENCHFLAGS) >/dev/null
	go run ./bench/report

bench-code: ## codec, machine and loop by go test -bench, ten times, as benchstat reads it
	go test -run '^$$' -bench . -count 10 ./pkg/dhcpc/dhcp4 ./pkg/dhcpc/machine ./pkg/dhcpc

bench-report: ## the pages and pictures of bench anew, from what was measured
	go run ./bench/report

clean: ## remove bin and build
	rm -rf bin build

# A benchmark of the boots, one boot at a time. If one fails its output says so.
measure = go test -timeout 0 -run '^$$' -bench '^Benchmark$(1)$$' -benchtime 1x -count $(BOOTS) ./images/u-root/boot ./images/gokrazy/boot ./images/netboot/boot

BUILD = CGO_ENABLED=0 go build -trimpath -ldflags '-s -w'

# In front of all others, where that is allowed: a busy machine makes all slower, and not by the same.
BENCH = go test -c -o build/bench.test ./bench && cd bench && nice -n -19 ../build/bench.test -test.timeout 0

# Program:package pairs. A program that is missing is installed with its packages.
QEMU = qemu-system-x86_64:qemu-system-x86
EXT4 = mkfs.ext4:e2fsprogs
NET  = ip:iproute2 dnsmasq:dnsmasq-base kea-dhcp4:kea-dhcp4-server dhcpd:isc-dhcp-server
MAN  = groff:groff-base
RACE = gcc:gcc gcc:libc6-dev
PEERS = strace:strace udhcpc:udhcpc dhcpcd:dhcpcd-base dhclient:isc-dhcp-client

need = set --; for pair in $(1); do command -v $${pair%%:*} >/dev/null || set -- "$$@" $${pair\#*:}; done; \
	if [ $$\# -eq 0 ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then echo "please install: $$*" >&2; exit 1; fi; \
	root=; [ "$$(id -u)" -eq 0 ] || root=sudo; \
	$$root apt-get update -q && $$root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$$@"

.PHONY: help run run-gokrazy run-netboot test lint vuln man build fuzz simulate siege breakages conformance scale timeline bench-boot sizes soak bench-quick bench bench-code bench-report clean
