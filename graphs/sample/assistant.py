"""An agent without tools of its own, for those of servers: `SIGNOFF_AGENT=graphs.sample.assistant:agent`."""

from graphs.agent.agent import Agent

agent = Agent(
    instructions=(
        "You help people in Slack with the tools that you are given. Use a tool where it can find out or do what is "
        "asked, and say what you found or did in a sentence or two. Do no more than what somebody asked for: some "
        "calls are decided by people first, and a call that was rejected is not to be tried again in another way."
    ),
    tools=[],
)
