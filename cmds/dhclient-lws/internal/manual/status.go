package manual

// Status is the page of "dhclient-lws status".
var Status = Page{
	Name:     "dhclient-lws status",
	Summary:  "what the resident client knows",
	Synopsis: []string{"[-json] [-state-dir DIR] [interface ...]"},
	Text: []string{
		"Shows each link: its state, address, router and name server, and how long the lease lasts. Of up to eight links it " +
			"also tells what happened last and what comes next, how many messages there were and what was refused, and when " +
			"what happened on the way to the lease, in milliseconds since the client started. Interfaces are given as to the " +
			"client itself. Then come process and age of the client. A link that another client has is " +
			"held by that; how it stands, that one knows.",
	},
	Topics: []*Topic{
		{
			Title: "Flags",
			Flags: []Flag{
				{"json", "", "the same for programs", ""},
				{"state-dir", "DIR", "where the client keeps its state", "/run/dhclient-lws"},
				{"h", "", "a page of help", ""},
			},
		},
		{
			Title: "Exit status",
			Items: []Item{
				{"0", "shown"},
				{"1", "the client has ended, and its last state is shown; or there is nothing to show"},
				{"2", "wrong arguments"},
			},
		},
	},
}
