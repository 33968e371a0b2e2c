"""Webhooks: what waits for people, told to a channel of Slack or Mattermost, or to a program of the company."""
