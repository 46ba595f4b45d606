{
  The conformance runner of Pascal: a till without a will of its own. Reads commands from standard input and answers on
  standard output, as tests/conformance/README.md says. For Free Pascal only.
}
program runner;

{$MODE DELPHI}

uses
  cthreads, Classes, SysUtils, poslatch, poslatchobjects, words, till;

type
  TDeed = class(TThread)
    Command: TCommand;
    Answer: UTF8String;
    procedure Execute; override;
  end;

var
  Threads: TStringList;

procedure TDeed.Execute;
begin
  Answer := Obey(Command);
end;

function Start(const Rest: UTF8String): UTF8String;
var
  Deed: TDeed;
  Line, Name: UTF8String;
begin
  Name := FirstWord(Rest, Line);
  Deed := TDeed.Create(True);
  Deed.Command := Take(Line);
  Threads.AddObject(Copy(Name, Length('thread=') + 1, Length(Name)), Deed);
  Deed.Start;
  Result := 'ok';
end;

function Join(const Rest: UTF8String): UTF8String;
var
  Index: Integer;
  Deed: TDeed;
begin
  Index := Threads.IndexOf(Copy(Rest, Length('thread=') + 1, Length(Rest)));
  Deed := TDeed(Threads.Objects[Index]);
  Deed.WaitFor;
  Result := Deed.Answer;
  Deed.Free;
  Threads.Delete(Index);
end;

procedure JoinAll;
var
  Index: Integer;
begin
  for Index := Threads.Count - 1 downto 0 do
    Join('thread=' + Threads[Index]);
end;

var
  Line, Verb, Rest: UTF8String;
begin
  Threads := TStringList.Create;
  while not Eof do
  begin
    ReadLn(Line);
    Verb := FirstWord(Line, Rest);
    if Verb = 'start' then
      WriteLn(Start(Rest))
    else if Verb = 'join' then
      WriteLn(Join(Rest))
    else
      WriteLn(Obey(Take(Line)));
    Flush(Output);
  end;
  ReleaseAll;
  JoinAll;
  Threads.Free;
end.
