"""Raw fields to EVENTS: times, addresses, clients, chats, hashes and flags of texts."""
